// The requests of the queue: which one is next, and what its answer changes in the store.
import { manifestOf, planChunk, reconsidered, sealed, withChunk, withDamaged } from "./grouping.js";
import { readChunk } from "./reading.js";
import { sha256Hex } from "./uploads.js";

// A browser that is not let in is answered like a stranger; opening the link again lets it in.
const MAY_CHANGE = new Set([401, 403, 404]);

const DAMAGED = { status: 0, code: "slice_damaged" };

/** `emit` is told what the server refused for good, and what could not be read back here (code slice_damaged). */
export function createSending({ base, store, uploads, emit }) {
  function refused(segment, index, { status, code }) {
    emit("refused", { segment, index, status, code });
  }

  async function openSegment(record) {
    const answer = await uploads.open(record);
    if (answer.kind === "again") return answer;
    if (answer.kind === "stored") {
      await store.update(record.segment, (found) => ({ ...found, opened: true }));
      return answer;
    }
    const { status, code } = answer;
    if (MAY_CHANGE.has(status)) {
      await store.update(record.segment, (found) => ({ ...found, refused: { status, code } }));
    } else {
      await store.remove(record.segment);
    }
    refused(record.segment, null, { status, code });
    return answer;
  }

  async function putChunk(record, chunk, bytesAtHand = null) {
    const bytes = bytesAtHand ?? (await readDecided(record, chunk));
    if (!bytes) return { kind: "mended" };
    const sha256 = await sha256Hex(bytes);
    await store.update(record.segment, (found) => withChunk(found, chunk.index, { sha256 }));
    const answer = await uploads.put(record, { ...chunk, sha256 }, bytes);
    if (answer.kind === "stored") {
      const keep = (found) => withChunk(found, chunk.index, { state: "stored" });
      await store.stored(record.segment, chunk, keep);
    } else if (answer.kind === "refused") {
      await refuseChunk(record, chunk, answer);
    }
    return answer;
  }

  /** Null where a slice was damaged since the chunk was decided; then it is decided anew, or given up. */
  async function readDecided(record, chunk) {
    const slices = await store.slices(record.segment, chunk.first, chunk.last);
    const { bytes, damaged } = await readChunk(slices, chunk);
    if (bytes) return bytes;
    await store.update(record.segment, (found) => reconsidered(found, chunk, damaged));
    refused(record.segment, chunk.index, DAMAGED);
    return null;
  }

  /** A chunk is decided only of slices that are sound: what is damaged leaves a hole of its own length. */
  async function decideChunk(record) {
    const { segment, next_slice } = record;
    const slices = await store.slices(segment, next_slice);
    const planned = planChunk(record, slices);
    if (!planned) return { record };
    const { bytes, damaged } = await readChunk(slices, planned);
    if (!bytes) {
      const left = await store.update(segment, (found) => withDamaged(found, damaged));
      refused(segment, planned.index, DAMAGED);
      return left ? decideChunk(left) : {};
    }
    const decided = await store.update(segment, (found) => sealed(found, planned));
    return { record: decided, planned, bytes };
  }

  async function refuseChunk(record, chunk, { status, code }) {
    const reason = { status, code };
    // Not signed in: everything would be refused, so the segment rests with its data.
    const change = MAY_CHANGE.has(status)
      ? (found) => ({ ...found, refused: reason })
      : (found) => withChunk(found, chunk.index, { state: "refused" });
    await store.update(record.segment, change);
    refused(record.segment, chunk.index, reason);
  }

  async function closeSegment(record) {
    const answer = await uploads.close(record, manifestOf(record));
    if (answer.kind === "again") return answer;
    if (answer.kind === "refused") refused(record.segment, null, answer);
    await store.remove(record.segment);
    return answer;
  }

  /** Only what needs it has an order: a segment is opened first and closed last, its chunks go in any. */
  async function nextOf(record, busy) {
    const { segment, opened } = record;
    if (!opened) return { key: segment, send: () => openSegment(record) };
    const keyOf = (chunk) => `${segment} ${chunk.index}`;
    const waiting = record.chunks.filter((chunk) => chunk.state === "waiting");
    const free = waiting.find((chunk) => !busy.has(keyOf(chunk)));
    if (free) return { key: keyOf(free), send: () => putChunk(record, free) };
    const { record: decided, planned, bytes } = await decideChunk(record);
    if (planned) return { key: keyOf(planned), send: () => putChunk(decided, planned, bytes) };
    if (!decided || waiting.length || !record.ended) return null;
    return { key: segment, send: () => closeSegment(decided) };
  }

  return {
    /**
     * The next request there is to make beside those under way, as {key, send}, or null. Chunks are decided (and the
     * decision kept) before they are sent.
     */
    async next(busy) {
      for (const record of await store.segments(base)) {
        if (record.refused || busy.has(record.segment)) continue;
        const found = await nextOf(record, busy);
        if (found) return found;
      }
      return null;
    },
    /** A refusal for want of a sign-in may be gone after a reload; the data is still here. */
    async forgiveRefusals() {
      for (const record of await store.segments(base)) {
        if (!MAY_CHANGE.has(record.refused?.status)) continue;
        await store.update(record.segment, (found) => ({ ...found, refused: null }));
      }
    },
  };
}
