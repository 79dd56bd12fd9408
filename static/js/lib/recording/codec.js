// Which recording format this browser can make, best first.

const WITH_VIDEO = [
  "video/webm;codecs=vp9,opus",
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/mp4",
];
const AUDIO_ONLY = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4"];

/** The first supported type for these tracks, or null. Without a picture it must be an audio type: video types refuse. */
export function pickMimeType(isTypeSupported, { video = true } = {}) {
  const types = video ? WITH_VIDEO : AUDIO_ONLY;
  return types.find((type) => isTypeSupported(type)) ?? null;
}

/** The recorder of this browser, or null where there is none. */
export function recorderClass(scope = globalThis) {
  return typeof scope.MediaRecorder === "function" ? scope.MediaRecorder : null;
}
