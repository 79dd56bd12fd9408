// Recording in the room: one window of the interview records, feeds the upload queue, and tells how it goes.
import { createCamera } from "./recording/camera.js";
import { stopStream } from "./recording/capture.js";
import * as help from "./recording/help.js";
import { createPace } from "./recording/pace.js";
import { createRoomFacts } from "./recording/roomfacts.js";
import { PARTS } from "./recording/roomparts.js";
import { createScreen } from "./recording/screen.js";
import { createTurn } from "./recording/turn.js";

const CLOCK_LOOK_MS = 100;
const screenQuality = ({ screenBits }) => ({ videoBits: screenBits, height: 0 });

async function clockKnown(clock) {
  while (!(clock() > 0)) await new Promise((resolve) => setTimeout(resolve, CLOCK_LOOK_MS));
}

/**
 * Events: those of roomfacts.js, "space" (minutes), "screen" (state), "stream" (stream or null).
 * States: off, asking, elsewhere (another window of this browser records), recording, paused, stopped; those of the screen
 * stand in screen.js. clock() gives the interview's milliseconds, and nothing or 0 until the server has told them;
 * remaining() what is left of it, or null.
 */
export function createRoomRecording(options) {
  const { required, screen: wantsScreen = false, interview, base, csrf, clock } = options;
  const { remaining = () => null, scope = globalThis } = options;
  const parts = { ...PARTS, ...options.parts };
  const room = createRoomFacts();
  const { facts, change, trouble, emit } = room;
  const turn = createTurn(`interviewlm-recorder:${base}`, scope.navigator.locks);
  let note = () => {};
  let [queue, pace, camera, screen, starting] = [null, null, null, null, null];
  let isFinishing = false;
  let isLetGo = false;
  let isMending = false;

  function tellProblem({ code }) {
    trouble(help.problemHelp(code));
    if (code === "storage_full") note("storage_full");
  }

  /** What an earlier visit left unsent goes out from here on, whatever becomes of the camera. */
  async function prepareQueue() {
    if (queue) return;
    try {
      queue = await parts.openQueue({ base, csrf: () => csrf });
    } catch (cause) {
      throw Object.assign(new Error("no_store", { cause }), { code: "no_store" });
    }
    queue.on("counts", room.count);
    queue.on("state", room.tellConnection);
    queue.on("problem", tellProblem);
    queue.on("refused", (refusal) => trouble(help.refusalHelp(refusal)));
    queue.on("holes", (holes) => emit("holes", holes));
    queue.start();
    room.count(await queue.counts());
    note = parts.createNotes({ base, csrf: () => csrf, clock, scope });
    const megabits = parts.readRate(interview);
    const hasScreen = () => wantsScreen;
    pace = createPace({ queue, megabits, hasScreen, changed: adapt });
    change({ step: pace.step.name });
  }

  /** Told quietly, on the light: nobody has to do anything. */
  function adapt(step, { name }) {
    note("quality_changed", { detail: `${name}>${step.name}` });
    camera?.adapt(step);
    screen?.adapt(screenQuality(step));
    change({ step: step.name });
  }

  const recordAs = (track, quality) => (stream) =>
    parts.recordInto(queue, stream, { clock, track, quality });

  function prepareScreen() {
    if (!wantsScreen) return;
    if (!screen) {
      const record = (stream) => recordAs("screen", screenQuality(pace.step))(stream);
      screen = createScreen({ record, note, scope });
      screen.on("change", (state) => {
        change({ screen: { ...facts.screen, state } });
        emit("screen", state);
      });
    }
    screen.offer();
  }

  function tellSpace(minutes) {
    note("space_short", { detail: String(minutes) });
    emit("space", minutes);
  }

  function tellDevices(muted = null) {
    const [lost] = camera.missing();
    if (lost) room.stand(help.missingHelp(lost));
    else room.stand(muted ? help.mutedHelp(muted) : "");
    emit("stream", camera.stream);
  }

  function sliceCame() {
    if (isFinishing || (facts.state === "recording" && !isMending)) return;
    isMending = false;
    change({ state: "recording", message: room.standing });
    if (!room.standing) emit("well");
  }

  function mends() {
    isMending = true;
    change({ message: help.restartedHelp() });
  }

  function record(opened) {
    room.forget();
    camera = createCamera({ opened, record: recordAs("camera", pace.step), note, scope });
    camera.on("slice", sliceCame);
    camera.on("lacks", () => tellDevices());
    camera.on("muted", tellDevices);
    camera.on("restarted", mends);
    camera.on("stopped", (code) => trouble(help.problemHelp(code), "paused"));
    change({ state: "recording" });
    if (!opened.missing) emit("well");
    emit("stream", opened.stream);
    camera.start();
    pace.start();
  }

  async function release() {
    pace?.stop();
    const old = camera;
    camera = null;
    emit("stream", null);
    await Promise.all([old?.stop(), screen?.stop()]);
  }

  async function begin() {
    isFinishing = false;
    change({ state: "asking", message: "" });
    try {
      await prepareQueue();
      await turn.take(() => change({ state: "elsewhere" }));
      if (isFinishing) return;
      change({ state: "asking" });
      prepareScreen();
      await camera?.stop();
      const space = { screen: wantsScreen, short: tellSpace, scope };
      parts.lookForSpace(remaining(), space).catch(() => {});
      const opened = await parts.openSources();
      await clockKnown(clock);
      if (isFinishing) stopStream(opened.stream);
      else record(opened);
    } catch (error) {
      trouble(help.captureHelp(error.code), "paused");
    }
  }

  scope.addEventListener("beforeunload", (event) => {
    if (!isLetGo && facts.waiting > 0) event.preventDefault();
  });

  function start() {
    if (!required || camera?.isRunning()) return Promise.resolve();
    starting ??= begin().finally(() => {
      starting = null;
    });
    return starting;
  }

  // A camera that is plugged in is worth another try.
  scope.navigator.mediaDevices?.addEventListener?.("devicechange", () => {
    if (facts.state === "paused") start();
  });

  return {
    on: room.on,
    facts,
    start,
    shareScreen: () => screen?.share(),
    /** Stops recording and waits for what is not stored yet; resolves with true when all of it is, and never fails. */
    async finish() {
      isFinishing = true;
      // The window that records looks after the rest itself.
      if (!queue || facts.state === "elsewhere") return true;
      await release();
      change({ state: "stopped", message: "" });
      try {
        const left = await queue.drain();
        room.count(left);
        return left.waiting === 0;
      } catch {
        // The browser has taken its store away: the interview can be finished all the same.
        return false;
      }
    },
    /** The page is left on purpose: the next one sends what is still here, so nothing is asked. */
    letGo() {
      isLetGo = true;
    },
  };
}
