// One run of one recorder: its slices in order with their times, from the first byte until it has stopped.
import { createWatchdog } from "./watchdog.js";

const STOP_WITHIN_MS = 3000;

/**
 * Emits "segment" with the first byte, "slice" for each, "ended" once. `lost(code)` is called when the recorder breaks:
 * no_data or recorder_error; not after end(). `video` is {width, height} or null.
 */
export function createRun({ recorder, video, sliceMs, clock, scope, emit, lost }) {
  const segment = scope.crypto.randomUUID();
  const timer = scope.performance;
  const watchdog = createWatchdog(() => tell("no_data"));
  const ticking = setInterval(watchdog.tick, sliceMs);
  let began = timer.now();
  let startedMs = null;
  let reached = 0;
  let slices = 0;
  let isAnnounced = false;
  let isEnding = false;
  let isOver = false;
  let resolveStopped;
  const stopped = new Promise((resolve) => {
    resolveStopped = resolve;
  });

  function tell(code) {
    clearInterval(ticking);
    if (!isEnding && !isOver) lost(code);
  }

  function finish() {
    clearInterval(ticking);
    if (isAnnounced && !isOver) emit("ended", { segment, slices });
    isOver = true;
    resolveStopped();
  }

  function announce(blob) {
    isAnnounced = true;
    const started_ms = startedMs ?? Math.round(clock() - (timer.now() - began));
    emit("segment", { segment, mime_type: recorder.mimeType || blob.type, started_ms, video });
  }

  recorder.onstart = () => {
    began = timer.now();
    startedMs = Math.round(clock());
  };
  recorder.ondataavailable = ({ data: blob }) => {
    watchdog.fed(blob.size);
    // Whoever keeps the segment has closed it: a slice of a recorder that was given up would open it anew.
    if (isOver || !blob.size) return;
    if (!isAnnounced) announce(blob);
    const start_ms = reached;
    reached = Math.max(start_ms, Math.round(timer.now() - began));
    const index = slices;
    slices += 1;
    emit("slice", { segment, index, start_ms, duration_ms: reached - start_ms, blob });
  };
  recorder.onerror = () => tell("recorder_error");
  recorder.onstop = () => {
    finish();
    if (!isEnding) lost("recorder_error");
  };

  return {
    segment,
    isDead: () => isOver || recorder.state === "inactive",
    /** Resolves when the last slice was given out, or when a stuck recorder is given up. */
    end() {
      isEnding = true;
      clearInterval(ticking);
      if (recorder.state === "inactive") finish();
      else recorder.stop();
      // A recorder that is stuck never says that it has stopped.
      setTimeout(finish, STOP_WITHIN_MS);
      return stopped;
    },
  };
}
