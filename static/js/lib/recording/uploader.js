// Sends what the store holds, one request at a time; nothing leaves the store before the server has acknowledged it.
import { manifestOf, planChunk, sealed, withChunk } from "./grouping.js";
import { retryDelay, sha256Hex } from "./uploads.js";

const LOOK_AGAIN_MS = 1000;
const OFFLINE_LOOK_MS = 8000;
// A browser that is not let in is answered like a stranger; opening the link again lets it in.
const MAY_CHANGE = new Set([401, 403, 404]);

/** run() works until `signal` aborts; wake() ends a rest early: "work", "online" or "leave". */
export function createUploader({
  base,
  store,
  uploads,
  scope,
  emit,
  endOrphans,
  signal,
  onProgress,
}) {
  let interrupt = () => {};
  let attempt = 0;
  let state = null;

  function setState(next) {
    if (state !== next) emit("state", next);
    state = next;
  }

  /** Resolves after the time, or earlier on what it may be woken by: work, online, or leaving. */
  function rest(ms, wakers = ["work", "online", "leave"]) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = (cause) => {
        if (!wakers.includes(cause)) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A refusal for want of a sign-in may be gone after a reload; the data is still here. */
  async function forgiveRefusals() {
    for (const record of await store.segments(base)) {
      if (!MAY_CHANGE.has(record.refused?.status)) continue;
      await store.update(record.segment, (found) => ({ ...found, refused: null }));
    }
  }

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

  async function putChunk(record, chunk) {
    const slices = await store.slices(record.segment, chunk.first, chunk.last);
    const bytes = await new Blob(slices.map((slice) => slice.blob)).arrayBuffer();
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

  /** The next request there is to make, or null. Chunks are decided (and the decision kept) before they are sent. */
  async function nextRequest() {
    for (const record of await store.segments(base)) {
      if (record.refused) continue;
      if (!record.opened) return () => openSegment(record);
      const waiting = record.chunks.find((chunk) => chunk.state === "waiting");
      if (waiting) return () => putChunk(record, waiting);
      const planned = planChunk(record, await store.slices(record.segment, record.next_slice));
      if (planned) {
        const decided = await store.update(record.segment, (found) => sealed(found, planned));
        return () => putChunk(decided, planned);
      }
      if (record.ended) return () => closeSegment(record);
    }
    return null;
  }

  async function step() {
    if (scope.navigator.onLine === false) {
      setState("offline");
      await rest(OFFLINE_LOOK_MS, ["online", "leave"]);
      return;
    }
    const request = await nextRequest();
    if (!request) {
      setState("idle");
      await rest(LOOK_AGAIN_MS);
      await endOrphans();
      return;
    }
    setState("uploading");
    const answer = await request();
    await onProgress();
    if (answer.kind === "again") await backOff(answer.after_ms);
    else attempt = 0;
  }

  async function backOff(after_ms) {
    setState("waiting");
    const delay = after_ms ?? retryDelay(attempt);
    attempt += 1;
    await rest(delay, after_ms ? ["leave"] : ["work", "online", "leave"]);
  }

  return {
    wake: (cause) => interrupt(cause),
    forgiveRefusals,
    async run() {
      await endOrphans();
      await forgiveRefusals();
      while (!signal.aborted) {
        try {
          await step();
        } catch {
          emit("problem", { code: "storage_failed" });
          await rest(OFFLINE_LOOK_MS, ["leave"]);
        }
      }
    },
  };
}
