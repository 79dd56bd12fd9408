// Recording in the room: one window of the interview records, feeds the upload queue, and tells how it goes.
import { createEmitter } from "./events.js";
import { gettext } from "./i18n.js";
import { stopStream } from "./recording/capture.js";
import { captureHelp, missingHelp, problemHelp, refusalHelp } from "./recording/help.js";
import { openQueue, recordInto } from "./recording/recording.js";
import { openSources } from "./recording/sources.js";

const STOPPED_FOR_GOOD = new Set(["no_tracks", "recorder_failed"]);
const CLOCK_LOOK_MS = 100;
const PARTS = { openQueue, openSources, recordInto };

/**
 * Events: "change" ({state, capturedSeconds, storedSeconds, waiting, message}), "trouble" (text), "well" ().
 * States: off, asking, elsewhere (another window of this browser records), recording, paused, stopped.
 * clock() gives the interview's milliseconds, and nothing or 0 until the server has told them.
 */
export function createRoomRecording({
  required,
  base,
  csrf,
  clock,
  scope = globalThis,
  parts = PARTS,
}) {
  const emitter = createEmitter();
  const facts = { state: "off", capturedSeconds: 0, storedSeconds: 0, waiting: 0, message: "" };
  let queue = null;
  let recorder = null;
  let stream = null;
  let starting = null;
  let isRecorder = false;
  let isFinishing = false;
  let isLetGo = false;
  let standing = "";

  function change(values) {
    Object.assign(facts, values);
    emitter.emit("change", facts);
  }

  function trouble(message, state = facts.state) {
    change({ state, message });
    if (message) emitter.emit("trouble", message);
  }

  function count({ captured_ms, stored_ms, waiting }) {
    change({ capturedSeconds: captured_ms / 1000, storedSeconds: stored_ms / 1000, waiting });
  }

  function tellConnection(state) {
    const away = gettext("The connection is away. The recording waits on this computer.");
    if (state === "offline") change({ message: away });
    else if (facts.message === away) change({ message: standing });
  }

  /** What an earlier visit left unsent goes out from here on, whatever becomes of the camera. */
  async function prepareQueue() {
    if (queue) return;
    try {
      queue = await parts.openQueue({ base, csrf: () => csrf });
    } catch (cause) {
      throw Object.assign(new Error("no_store", { cause }), { code: "no_store" });
    }
    queue.on("counts", count);
    queue.on("state", tellConnection);
    queue.on("problem", ({ code }) => trouble(problemHelp(code)));
    queue.on("refused", (refusal) => trouble(refusalHelp(refusal)));
    queue.start();
    count(await queue.counts());
  }

  /** Resolves once no other window of this browser records the interview; holds until this page dies. */
  async function becomeRecorder() {
    if (isRecorder) return;
    const { locks } = scope.navigator;
    const name = `interviewlm-recorder:${base}`;
    const take = (options) =>
      new Promise((resolve) => {
        locks.request(name, options, (lock) => {
          isRecorder = lock !== null;
          resolve();
          return isRecorder ? new Promise(() => {}) : null;
        });
      });
    await take({ ifAvailable: true });
    if (isRecorder) return;
    change({ state: "elsewhere" });
    await take({});
    if (!isFinishing) change({ state: "asking" });
  }

  async function clockKnown() {
    while (!(clock() > 0)) await new Promise((resolve) => setTimeout(resolve, CLOCK_LOOK_MS));
  }

  function lacks(kind) {
    standing = missingHelp(kind);
    trouble(standing);
  }

  function followRecorder({ code, kind }) {
    if (STOPPED_FOR_GOOD.has(code)) trouble(problemHelp(code), "paused");
    else if (code === "track_ended") lacks(kind);
  }

  function record(opened) {
    stream = opened.stream;
    standing = "";
    recorder = parts.recordInto(queue, stream, { clock });
    recorder.on("problem", followRecorder);
    recorder.on("slice", () => {
      if (facts.state === "recording" || isFinishing) return;
      change({ state: "recording", message: standing });
      if (!standing) emitter.emit("well");
    });
    recorder.start();
    change({ state: "recording" });
    if (opened.missing) lacks(opened.missing);
    else emitter.emit("well");
  }

  async function begin() {
    isFinishing = false;
    change({ state: "asking", message: "" });
    try {
      await prepareQueue();
      await becomeRecorder();
      if (isFinishing) return;
      release();
      const opened = await parts.openSources();
      await clockKnown();
      if (isFinishing) stopStream(opened.stream);
      else record(opened);
    } catch (error) {
      trouble(captureHelp(error.code), "paused");
    }
  }

  /** The camera's own light goes out with the recording. */
  function release() {
    if (stream) stopStream(stream);
    stream = null;
  }

  scope.addEventListener("beforeunload", (event) => {
    if (!isLetGo && facts.waiting > 0) event.preventDefault();
  });

  return {
    on: emitter.on,
    facts,
    start() {
      if (!required || recorder?.isRunning()) return Promise.resolve();
      starting ??= begin().finally(() => {
        starting = null;
      });
      return starting;
    },
    /** Stops recording and waits for what is not stored yet; resolves with true when all of it is, and never fails. */
    async finish() {
      isFinishing = true;
      // The window that records looks after the rest itself.
      if (!queue || facts.state === "elsewhere") return true;
      await recorder?.stop();
      release();
      change({ state: "stopped", message: "" });
      try {
        const left = await queue.drain();
        count(left);
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
