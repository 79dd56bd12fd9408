// The screen as a track of its own: shared from a click, ended by the person at any time, offered again.
import { createEmitter } from "../events.js";
import { stopStream } from "./capture.js";

// Text has to stay readable; a screen changes rarely.
const WANTED = {
  video: {
    displaySurface: "monitor",
    width: { max: 1920 },
    height: { max: 1080 },
    frameRate: { max: 10 },
  },
  audio: false,
};

export function canShare(scope = globalThis) {
  return typeof scope.navigator?.mediaDevices?.getDisplayMedia === "function";
}

/**
 * Events: "change" (state): off, offered, sharing, refused, ended, unsupported. `record(stream)` gives a recorder that
 * feeds the queue; `note(code, facts)` writes to the timeline.
 */
export function createScreen({ record, note, scope = globalThis }) {
  const emitter = createEmitter();
  const facts = { state: "off" };
  let stream = null;
  let recorder = null;
  let isAsking = false;

  function set(state) {
    if (facts.state === state) return;
    facts.state = state;
    emitter.emit("change", state);
  }

  async function end(state) {
    const ended = recorder;
    if (stream) stopStream(stream);
    stream = null;
    recorder = null;
    set(state);
    await ended?.stop();
  }

  function begin(opened) {
    stream = opened;
    const [picture] = opened.getVideoTracks();
    const over = () => {
      if (stream !== opened) return;
      note("screen_ended", { track: "screen" });
      end("ended");
    };
    picture.addEventListener("ended", over);
    recorder = record(opened);
    recorder.on("problem", ({ code }) => code === "recorder_failed" && over());
    recorder.start();
    const detail = picture.getSettings?.().displaySurface ?? "";
    note("screen_shared", { track: "screen", detail });
    set("sharing");
  }

  return {
    on: emitter.on,
    facts,
    /** From now on it may be shared. */
    offer() {
      if (facts.state !== "off") return;
      if (canShare(scope)) set("offered");
      else {
        note("screen_unsupported", { track: "screen" });
        set("unsupported");
      }
    },
    /** Call it from a click: browsers ask for one. */
    async share() {
      if (isAsking || facts.state === "sharing") return;
      isAsking = true;
      try {
        const opened = await scope.navigator.mediaDevices.getDisplayMedia(WANTED);
        // The interview was finished while the browser asked.
        if (facts.state === "off") stopStream(opened);
        else begin(opened);
      } catch (error) {
        note("screen_refused", { track: "screen", detail: error?.name ?? "" });
        set("refused");
      } finally {
        isAsking = false;
      }
    },
    adapt: (quality) => recorder?.adapt(quality),
    /** Stops it for good, or until it is offered again; resolves when the last slice was given out. */
    stop: () => end("off"),
  };
}
