// Opens whatever there is to record: camera and microphone, or one of them where the other does not work.
import { AUDIO, openCapture, VIDEO } from "./capture.js";

const ALTERNATIVES = [
  { wanted: { video: false, audio: AUDIO }, missing: "video" },
  { wanted: { video: VIDEO, audio: false }, missing: "audio" },
];
const HOPELESS = new Set(["insecure", "no_recorder"]);

/** A person who has just said no is not asked again. */
function isWorthAnotherTry({ code, blocked }) {
  return !HOPELESS.has(code) && (code !== "not_allowed" || blocked);
}

/** Gives {stream, missing}: "video", "audio" or null. Fails with the first error when nothing opens. */
export async function openSources(open = openCapture) {
  try {
    return { stream: await open({ video: VIDEO, audio: AUDIO }), missing: null };
  } catch (error) {
    if (!isWorthAnotherTry(error)) throw error;
    for (const { wanted, missing } of ALTERNATIVES) {
      try {
        return { stream: await open(wanted), missing };
      } catch {
        // The first error says more than those of the lesser wishes.
      }
    }
    throw error;
  }
}
