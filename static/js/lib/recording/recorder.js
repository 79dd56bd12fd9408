// Records a stream in short slices; whatever breaks a recorder starts a new segment, so that the rest survives.
import { createEmitter } from "../events.js";
import { pickMimeType, recorderClass } from "./codec.js";

export const SLICE_MS = 2000;
const KEY_FRAME_MS = 2000;
const VIDEO_BITS = 2_500_000;
const AUDIO_BITS = 128_000;
const SETTLE_MS = 500;
const SILENT_SLICES = 3;
const MOST_FRUITLESS = 3;
const STOP_WITHIN_MS = 3000;

/** Tracks worth recording now: live ones, without the muted unless all are. */
export function usableTracks(stream) {
  const live = stream.getTracks().filter((track) => track.readyState === "live");
  const heard = live.filter((track) => !track.muted);
  return heard.length ? heard : live;
}

function videoSize(tracks) {
  const settings = tracks.find((track) => track.kind === "video")?.getSettings() ?? {};
  return settings.width ? { width: settings.width, height: settings.height } : null;
}

/**
 * Events: "segment" {segment, mime_type, started_ms, video}, "slice" {segment, index, start_ms, duration_ms, blob},
 * "ended" {segment, slices}, "problem" {code, kind}. Codes: track_ended, track_muted, track_unmuted, stream_changed,
 * no_data, recorder_error (a new segment follows), no_tracks and recorder_failed (recording has stopped).
 * `clock` gives the interview's milliseconds; slice times count from the start of their segment.
 */
export function createRecorder(stream, { clock, scope = globalThis } = {}) {
  const emitter = createEmitter();
  const watched = new Set();
  let current = null;
  let running = false;
  let fruitless = 0;
  let settling = null;

  function begin() {
    const tracks = usableTracks(stream);
    const Recorder = recorderClass(scope);
    const video = tracks.some((track) => track.kind === "video");
    const mimeType = pickMimeType((type) => Recorder.isTypeSupported(type), { video });
    if (!tracks.length || !mimeType) {
      giveUp(tracks.length ? "recorder_failed" : "no_tracks");
      return;
    }
    try {
      const recorder = new Recorder(new scope.MediaStream(tracks), {
        mimeType,
        videoBitsPerSecond: VIDEO_BITS,
        audioBitsPerSecond: AUDIO_BITS,
        videoKeyFrameIntervalDuration: KEY_FRAME_MS,
      });
      current = follow(recorder, tracks);
      recorder.start(SLICE_MS);
    } catch {
      restart("recorder_error", null);
    }
  }

  /** Everything of one recorder; its late slices still belong to it after another has begun. */
  function follow(recorder, tracks) {
    const run = { segment: scope.crypto.randomUUID(), recorder, slices: 0, watchdog: null };
    const timer = scope.performance;
    let began = timer.now();
    let reached = 0;
    let announced = false;
    let over = false;
    run.stopped = new Promise((resolve) => {
      run.finish = () => {
        clearInterval(run.watchdog);
        if (announced && !over) emitter.emit("ended", { segment: run.segment, slices: run.slices });
        over = true;
        resolve();
      };
    });

    recorder.onstart = () => {
      began = timer.now();
      run.started_ms = Math.round(clock());
    };
    recorder.ondataavailable = ({ data: blob }) => {
      // Whoever keeps the segment has closed it: a slice of a recorder that was given up would open it anew.
      if (over || !blob.size) return;
      if (!announced) {
        announced = true;
        const { segment, started_ms = Math.round(clock() - (timer.now() - began)) } = run;
        const mime_type = recorder.mimeType || blob.type;
        emitter.emit("segment", { segment, mime_type, started_ms, video: videoSize(tracks) });
      }
      fruitless = 0;
      const start_ms = reached;
      reached = Math.max(start_ms, Math.round(timer.now() - began));
      const duration_ms = reached - start_ms;
      const slice = { segment: run.segment, index: run.slices, start_ms, duration_ms, blob };
      run.slices += 1;
      emitter.emit("slice", slice);
    };
    recorder.onerror = () => run === current && restart("recorder_error", null);
    recorder.onstop = () => {
      run.finish();
      if (run === current && running) restart("recorder_error", null);
    };
    run.lastSlices = 0;
    run.watchdog = setInterval(() => {
      const fresh = run.slices > run.lastSlices;
      run.lastSlices = run.slices;
      if (!fresh && run === current) restart("no_data", null);
    }, SILENT_SLICES * SLICE_MS);
    return run;
  }

  function restart(code, kind) {
    if (!running) return;
    emitter.emit("problem", { code, kind });
    fruitless += 1;
    const old = current;
    current = null;
    end(old);
    if (fruitless > MOST_FRUITLESS) {
      giveUp("recorder_failed");
      return;
    }
    clearTimeout(settling);
    settling = setTimeout(() => running && begin(), SETTLE_MS);
  }

  function end(run) {
    if (!run) return Promise.resolve();
    clearInterval(run.watchdog);
    if (run.recorder.state === "inactive") run.finish();
    else run.recorder.stop();
    // A recorder that is stuck never says that it has stopped.
    setTimeout(run.finish, STOP_WITHIN_MS);
    return run.stopped;
  }

  function giveUp(code) {
    running = false;
    emitter.emit("problem", { code, kind: null });
  }

  function watch() {
    for (const track of stream.getTracks()) {
      if (watched.has(track)) continue;
      watched.add(track);
      track.addEventListener("ended", () => trackChanged("track_ended", track));
      track.addEventListener("mute", () => trackChanged("track_muted", track));
      track.addEventListener("unmute", () => trackChanged("track_unmuted", track));
    }
  }

  function trackChanged(code, track) {
    if (!running || !stream.getTracks().includes(track)) return;
    fruitless = 0;
    restart(code, track.kind);
  }

  return {
    on: emitter.on,
    isRunning: () => running,
    start() {
      if (running) return;
      running = true;
      fruitless = 0;
      watch();
      begin();
    },
    /** Go on with another stream (another camera was chosen). */
    use(other) {
      stream = other;
      watch();
      if (running) restart("stream_changed", null);
    },
    /** Resolves when the last slice has been given out. */
    async stop() {
      running = false;
      clearTimeout(settling);
      const run = current;
      current = null;
      await end(run);
    },
  };
}
