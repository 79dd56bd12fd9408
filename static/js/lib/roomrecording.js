// Recording in the room: one window of the interview records, feeds the upload queue, and tells how it goes.
import { clockKnown, stopStream } from "./recording/capture.js";
import * as help from "./recording/help.js";
import { createPace } from "./recording/pace.js";
import { startCamera } from "./recording/roomcamera.js";
import { createRoomFacts } from "./recording/roomfacts.js";
import { PARTS } from "./recording/roomparts.js";
import { createScreen } from "./recording/screen.js";
import { createTurn } from "./recording/turn.js";

const screenQuality = ({ screenBits }) => ({ videoBits: screenBits, height: 0 });

/**
 * Events: those of roomfacts.js, "space" (minutes), "screen" (state), "stream" (stream or null).
 * States: off, asking, elsewhere (another window of the candidate records), recording, paused, stopped; those of the screen
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
  let [queue, pace, camera, screen, starting, preparing] = [null, null, null, null, null, null];
  let isFinishing = false;
  let isResting = false;
  let isLetGo = false;

  function tell({ code }, words) {
    trouble(words);
    if (code === "storage_full" || code === "slice_damaged") note(code);
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
    queue.on("problem", (problem) => tell(problem, help.problemHelp(problem.code)));
    queue.on("refused", (refusal) => tell(refusal, help.refusalHelp(refusal)));
    queue.on("holes", (holes) => emit("holes", holes));
    queue.start();
    room.count(await queue.counts());
    note = parts.createNotes({ base, csrf: () => csrf, clock, scope });
    const megabits = parts.readRate(interview);
    const hasScreen = () => wantsScreen;
    pace = createPace({ queue, megabits, hasScreen, changed: adapt });
    change({ step: pace.step.name });
  }

  function prepare() {
    preparing ??= prepareQueue().finally(() => {
      preparing = null;
    });
    return preparing;
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

  function record(opened) {
    const quality = recordAs("camera", pace.step);
    camera = startCamera({ opened, record: quality, note, scope, room, isOff });
    pace.start();
  }

  async function release() {
    pace?.stop();
    const old = camera;
    camera = null;
    emit("stream", null);
    await Promise.all([old?.stop(), screen?.stop()]);
  }

  const isOff = () => isFinishing || isResting;

  /** Whoever writes records: that window waits for the turn. */
  function yieldTurn() {
    if (isResting) turn.release();
  }

  async function begin() {
    isFinishing = false;
    change({ state: "asking", message: "" });
    try {
      await prepare();
      await turn.take(() => change({ state: "elsewhere" }));
      if (isOff()) return yieldTurn();
      change({ state: "asking" });
      prepareScreen();
      await camera?.stop();
      const space = { screen: wantsScreen, short: tellSpace, scope };
      parts.lookForSpace(remaining(), space).catch(() => {});
      const opened = await parts.openSources();
      await clockKnown(clock);
      if (!isOff()) return record(opened);
      stopStream(opened.stream);
      yieldTurn();
    } catch (error) {
      trouble(help.captureHelp(error.code), "paused");
    }
  }

  scope.addEventListener("beforeunload", (event) => {
    if (!isLetGo && facts.waiting > 0) event.preventDefault();
  });

  function start() {
    isResting = false;
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
    /** Another window writes now and records; what this one has is sent. */
    async rest() {
      if (!required || isFinishing) return;
      isResting = true;
      change({ state: "elsewhere", message: "" });
      prepare().catch((error) => trouble(help.captureHelp(error.code)));
      if (starting) return;
      await release();
      yieldTurn();
    },
    shareScreen: () => screen?.share(),
    /** Stops recording and waits for what is not stored yet; resolves with true when all of it is, and never fails. */
    async finish() {
      isFinishing = true;
      // The window that records looks after the rest itself.
      if (!queue || (facts.state === "elsewhere" && facts.waiting === 0)) return true;
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
