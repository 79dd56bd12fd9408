// Opening camera and microphone for the check: together first, then each alone to learn which one fails.
import { AUDIO, CaptureError, openCapture, permissionState, VIDEO } from "../recording/capture.js";

const KINDS = ["camera", "microphone"];

/** {camera, microphone}: granted, denied, prompt or unknown, asked before anything is opened. */
export async function permissionStates() {
  const states = await Promise.all(KINDS.map((kind) => permissionState(kind)));
  return Object.fromEntries(KINDS.map((kind, index) => [kind, states[index]]));
}

/** What a failure is called on the page: a closed question is not a stored refusal. */
async function failureCode(error, kind) {
  if (!(error instanceof CaptureError)) return "unknown";
  if (error.cause?.name === "SecurityError") return "security";
  if (error.code !== "not_allowed") return error.code;
  return (await permissionState(kind)) === "prompt" ? "dismissed" : "not_allowed";
}

function wanted(kind, deviceId) {
  const basis = kind === "camera" ? VIDEO : AUDIO;
  return deviceId ? { ...basis, deviceId: { exact: deviceId } } : basis;
}

async function openOne(kind, deviceId) {
  const part = wanted(kind, deviceId);
  const constraints =
    kind === "camera" ? { video: part, audio: false } : { video: false, audio: part };
  try {
    return { kind, code: "ok", stream: await openCapture(constraints) };
  } catch (error) {
    return { kind, code: await failureCode(error, kind), stream: null };
  }
}

/** A refusal that was just given is not asked again; a stored permission for the other device still counts. */
async function mayTryAlone(kind, error) {
  if (error.code === "insecure" || error.code === "no_recorder") return false;
  if (error.code !== "not_allowed") return true;
  return (await permissionState(kind)) === "granted";
}

/** [{kind, code, stream}] for camera and microphone; `chosen` names devices by kind. */
export async function openDevices(chosen = {}) {
  try {
    const stream = await openCapture({
      video: wanted("camera", chosen.camera),
      audio: wanted("microphone", chosen.microphone),
    });
    return KINDS.map((kind) => ({ kind, code: "ok", stream }));
  } catch (error) {
    const results = [];
    for (const kind of KINDS) {
      if (await mayTryAlone(kind, error)) results.push(await openOne(kind, chosen[kind]));
      else results.push({ kind, code: await failureCode(error, kind), stream: null });
    }
    return results;
  }
}
