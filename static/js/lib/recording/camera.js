// Camera and microphone as one recorded track: what is lost is told, noted and fetched back into a new segment.
import { createEmitter } from "../events.js";
import { stopStream } from "./capture.js";
import { createMender } from "./mending.js";

const KINDS = ["video", "audio"];
const RESTARTED = new Set(["no_data", "recorder_error"]);
const STOPPED = new Set(["no_tracks", "recorder_failed"]);

const isThere = (track) => track.readyState !== "ended";

/**
 * Events: "slice" (), "lacks" (kinds: "video", "audio", empty when both are there again), "muted" (kind or null),
 * "restarted" (), "stopped" (code). `record(stream)` gives a recorder that feeds the queue; `note` writes to the timeline.
 */
export function createCamera({ opened, record, note, open, scope = globalThis }) {
  const emitter = createEmitter();
  const media = scope.MediaStream;
  let stream = opened.stream;
  let hasStopped = false;
  const recorder = record(stream);
  const mender = createMender({ missing, found, scope, ...(open && { open }) });

  function missing() {
    const there = new Set(
      stream
        .getTracks()
        .filter(isThere)
        .map((track) => track.kind),
    );
    return KINDS.filter((kind) => !there.has(kind));
  }

  /** What came back joins what is still there; the recorder goes on with both. */
  function found(tracks) {
    const lacked = missing();
    const fresh = tracks.filter((track) => lacked.includes(track.kind));
    for (const track of tracks) if (!fresh.includes(track)) track.stop();
    if (!fresh.length) return;
    stream = new media([...stream.getTracks().filter(isThere), ...fresh]);
    for (const { kind } of fresh) note(`${kind}_back`);
    recorder.use(stream);
    if (hasStopped) recorder.start();
    hasStopped = false;
    emitter.emit("lacks", missing());
  }

  function follow({ code, kind }) {
    if (code === "track_ended") {
      note(`${kind}_lost`);
      emitter.emit("lacks", missing());
      mender.look();
    } else if (code === "track_muted") {
      note(`${kind}_muted`);
      emitter.emit("muted", kind);
    } else if (code === "track_unmuted") {
      note(`${kind}_back`);
      emitter.emit("muted", null);
    } else if (RESTARTED.has(code)) {
      note("recorder_restarted", { detail: code });
      emitter.emit("restarted");
    } else if (STOPPED.has(code)) {
      hasStopped = true;
      if (code === "recorder_failed") note(code);
      emitter.emit("stopped", code);
    }
  }

  function seenAgain() {
    if (scope.document?.visibilityState !== "hidden") recorder.look?.();
  }

  recorder.on("problem", follow);
  recorder.on("slice", () => emitter.emit("slice"));
  scope.document?.addEventListener("visibilitychange", seenAgain);
  scope.document?.addEventListener("resume", seenAgain);

  return {
    on: emitter.on,
    missing,
    get stream() {
      return stream;
    },
    isRunning: recorder.isRunning,
    adapt: (quality) => recorder.adapt(quality),
    start() {
      recorder.start();
      // What did not open at first may be plugged in later.
      if (opened.missing) emitter.emit("lacks", missing());
    },
    /** Resolves when the last slice was given out; the camera's own light goes out with it. */
    async stop() {
      mender.stop();
      scope.document?.removeEventListener("visibilitychange", seenAgain);
      scope.document?.removeEventListener("resume", seenAgain);
      await recorder.stop();
      stopStream(stream);
    },
  };
}
