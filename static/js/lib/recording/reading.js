// Slices read back from the store: believed only when they are what was put there.
import { sha256Hex } from "./uploads.js";

const READS = 3;
const REST_MS = 200;

async function readBytes(blob) {
  for (let left = READS; left > 0; left -= 1) {
    try {
      return await blob.arrayBuffer();
    } catch {
      // A file of the browser's that cannot be read may only be busy.
      if (left > 1) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }
  return null;
}

/** Its bytes; null where they cannot be read, or are others than those that were recorded. */
async function readSlice({ blob, sha256 }) {
  const bytes = await readBytes(blob);
  return bytes && (await sha256Hex(bytes)) === sha256 ? bytes : null;
}

/** {bytes, damaged}: a chunk's slices joined, or the number of the first one that is gone or not what it was. */
export async function readChunk(slices, { first, last }) {
  const parts = [];
  for (let index = first; index <= last; index += 1) {
    const slice = slices.find((one) => one.index === index);
    const bytes = slice ? await readSlice(slice) : null;
    if (!bytes) return { bytes: null, damaged: index };
    parts.push(bytes);
  }
  return { bytes: await new Blob(parts).arrayBuffer(), damaged: null };
}
