// Camera and microphone: asking for them, saying why not in stable codes, and a level meter.
import { pickMimeType, recorderClass } from "./codec.js";

const CLOCK_LOOK_MS = 100;
const CODES = {
  NotAllowedError: "not_allowed",
  SecurityError: "not_allowed",
  NotFoundError: "not_found",
  NotReadableError: "not_readable",
  AbortError: "not_readable",
  OverconstrainedError: "overconstrained",
};

export const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
export const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** code: not_allowed, not_found, not_readable, overconstrained, insecure, no_recorder, unknown. */
export class CaptureError extends Error {
  constructor(code, { devices = [], blocked = false, cause = null } = {}) {
    super(code, { cause });
    this.name = "CaptureError";
    this.code = code;
    this.devices = devices;
    /** The browser has the refusal stored: it will not ask again until the person changes that. */
    this.blocked = blocked;
  }
}

export function captureCode(error) {
  return CODES[error?.name] ?? "unknown";
}

/** "granted", "denied", "prompt", or "unknown" where the browser does not tell. */
export async function permissionState(name, permissions = navigator.permissions) {
  try {
    return (await permissions.query({ name })).state;
  } catch {
    return "unknown";
  }
}

function requireSupport(scope, video) {
  if (!scope.isSecureContext || !scope.navigator.mediaDevices?.getUserMedia) {
    throw new CaptureError("insecure");
  }
  const Recorder = recorderClass(scope);
  if (!Recorder || !pickMimeType((type) => Recorder.isTypeSupported(type), { video })) {
    throw new CaptureError("no_recorder");
  }
}

/**
 * Opens camera and microphone (or one of them, with false for the other) and gives the stream.
 * A stored refusal is told without asking again, so that the page can say where to change it.
 */
export async function openCapture({ video = VIDEO, audio = AUDIO } = {}, scope = globalThis) {
  requireSupport(scope, Boolean(video));
  const wanted = [video && "camera", audio && "microphone"].filter(Boolean);
  const states = await Promise.all(
    wanted.map((name) => permissionState(name, scope.navigator.permissions)),
  );
  const devices = wanted.filter((_, index) => states[index] === "denied");
  if (devices.length) throw new CaptureError("not_allowed", { devices, blocked: true });
  try {
    return await scope.navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (cause) {
    throw new CaptureError(captureCode(cause), { devices: wanted, cause });
  }
}

/** Cameras and microphones by kind; labels are empty until one was allowed. */
export async function listDevices(media = navigator.mediaDevices) {
  const all = await media.enumerateDevices();
  const of = (kind) => all.filter((device) => device.kind === kind);
  return { cameras: of("videoinput"), microphones: of("audioinput") };
}

export function stopStream(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** Resolves once the server has told the interview's milliseconds. */
export async function clockKnown(clock) {
  while (!(clock() > 0)) await new Promise((resolve) => setTimeout(resolve, CLOCK_LOOK_MS));
}

/** Root mean square of samples in -1..1, put on a scale where speech fills most of 0..1. */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 20 * Math.log10(Math.sqrt(sum / (samples.length || 1)) || 1e-6);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}

/** Calls back with 0..1 for every frame shown; stop() releases the audio context. */
export function createLevelMeter(stream, onLevel, scope = globalThis) {
  const context = new scope.AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;

  function measure() {
    analyser.getFloatTimeDomainData(samples);
    onLevel(loudness(samples));
    frame = scope.requestAnimationFrame(measure);
  }

  measure();
  return {
    /** False until the browser lets sound run: call again from a click. */
    async resume() {
      await context.resume();
      return context.state === "running";
    },
    async stop() {
      scope.cancelAnimationFrame(frame);
      await context.close();
    },
  };
}
