// Records a stream in short slices; whatever breaks a recorder starts a new segment, so that the rest survives.
import { createEmitter } from "../events.js";
import { pickMimeType, recorderClass } from "./codec.js";
import { AUDIO_BITS, STEPS } from "./quality.js";
import { createRun } from "./run.js";

export const SLICE_MS = 2000;
const KEY_FRAME_MS = 2000;
const SETTLE_MS = 200;
const MOST_FRUITLESS = 3;

/** Tracks worth recording now: live ones, without the muted unless all are. */
export function usableTracks(stream, { withVideo = true } = {}) {
  const live = stream
    .getTracks()
    .filter((track) => track.readyState === "live" && (withVideo || track.kind !== "video"));
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
 * `clock` gives the interview's milliseconds; slice times count from the start of their segment. `quality` is
 * {videoBits, height}; without videoBits only sound is recorded.
 */
export function createRecorder(stream, { clock, quality = STEPS[0], scope = globalThis } = {}) {
  const emitter = createEmitter();
  const watched = new Set();
  let current = null;
  let running = false;
  let fruitless = 0;
  let settling = null;

  function begin() {
    const withVideo = quality.videoBits > 0;
    const tracks = usableTracks(stream, { withVideo });
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
        ...(video && { videoBitsPerSecond: quality.videoBits }),
        audioBitsPerSecond: AUDIO_BITS,
        videoKeyFrameIntervalDuration: KEY_FRAME_MS,
      });
      current = follow(recorder, videoSize(tracks));
      recorder.start(SLICE_MS);
    } catch {
      restart("recorder_error", null);
    }
  }

  function follow(recorder, video) {
    const run = createRun({
      recorder,
      video,
      sliceMs: SLICE_MS,
      clock,
      scope,
      emit(name, value) {
        if (name === "slice" && run === current) fruitless = 0;
        emitter.emit(name, value);
      },
      lost: (code) => run === current && restart(code, null),
    });
    return run;
  }

  /** Ends the old segment and begins the next at once: between the two lies no time worth counting. */
  function swap() {
    clearTimeout(settling);
    settling = null;
    const old = current;
    current = null;
    old?.end();
    if (running) begin();
  }

  /** Troubles come in flocks (both tracks of an unplugged camera): one new segment for all of them. */
  function restart(code, kind) {
    if (!running) return;
    if (settling !== null && kind === null) return;
    emitter.emit("problem", { code, kind });
    if (settling !== null) return;
    fruitless += 1;
    if (fruitless > MOST_FRUITLESS) {
      current?.end();
      current = null;
      giveUp("recorder_failed");
      return;
    }
    settling = setTimeout(swap, SETTLE_MS);
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

  async function resize() {
    const [picture] = stream.getVideoTracks?.() ?? [];
    if (!picture || !quality.height) return;
    // A camera that cannot is recorded as it is, at fewer bits.
    const { height } = quality;
    await picture
      .applyConstraints?.({ width: { ideal: (height * 16) / 9 }, height: { ideal: height } })
      .catch(() => {});
  }

  return {
    on: emitter.on,
    isRunning: () => running,
    start() {
      if (running) return;
      running = true;
      fruitless = 0;
      watch();
      if (quality.height && quality.height !== STEPS[0].height)
        resize().then(() => running && begin());
      else begin();
    },
    /** Go on with another stream (a device came back, another was chosen). */
    use(other) {
      stream = other;
      watch();
      fruitless = 0;
      if (running) restart("stream_changed", null);
    },
    /** Record more or less from the next segment on, which begins now. */
    async adapt(wanted) {
      const resized = wanted.height && wanted.height !== quality.height;
      quality = wanted;
      if (resized) await resize();
      if (running && settling === null && quality === wanted) swap();
    },
    /** The page was away, perhaps frozen: a recorder that died meanwhile is followed by a new one. */
    look() {
      if (running && settling === null && (current === null || current.isDead())) {
        restart("recorder_error", null);
      }
    },
    /** Resolves when the last slice has been given out. */
    async stop() {
      running = false;
      clearTimeout(settling);
      settling = null;
      const run = current;
      current = null;
      await run?.end();
    },
  };
}
