// Ties recorder and queue together: what is recorded is kept, and recorded segments are closed.
import { createQueue } from "./queue.js";
import { createRecorder } from "./recorder.js";
import { openSlices } from "./slices.js";
import { createUploads } from "./uploads.js";

/** The queue of an interview on this browser's store; start() it on every page that may hold unsent recordings. */
export async function openQueue({ base, csrf, track = "camera" }) {
  const store = await openSlices();
  return createQueue({ base, store, track, uploads: createUploads(base, { csrf }) });
}

/** A recorder whose slices go into the queue. `clock` gives the interview's milliseconds. */
export function recordInto(queue, stream, { clock, track = "camera", quality }) {
  const recorder = createRecorder(stream, { clock, quality });
  recorder.on("segment", (started) => queue.openSegment({ ...started, track }));
  recorder.on("slice", (slice) => queue.addSlice(slice));
  recorder.on("ended", ({ segment }) => queue.endSegment(segment));
  return recorder;
}
