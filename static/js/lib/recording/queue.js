// The queue of a page: slices go into the store first; whichever tab holds the lock uploads them for all.
import { createEmitter } from "../events.js";
import { newSegment } from "./grouping.js";
import { createUploader } from "./uploader.js";
import { sha256Hex } from "./uploads.js";

const UPLOADER = "interviewlm-recording-uploader";
const CHANNEL = "interviewlm-recording";
const DRAIN_LOOK_MS = 100;
const TRACKS = ["camera", "screen"];
const recorderLock = (segment) => `interviewlm-recording-segment:${segment}`;

/**
 * `store` as openSlices() gives it, `uploads` as createUploads(). Events: "counts" {captured_ms, stored_ms (camera),
 * tracks: {camera, screen: {captured_ms, stored_ms}}, left_ms (of the track that has most to send), waiting, waiting_bytes},
 * "state" (idle, uploading, waiting, offline), "refused" {segment, index, status, code} (final; index null: the whole
 * segment) and "problem" {code: storage_full | storage_failed}.
 */
export function createQueue({ base, store, uploads, track = "camera", scope = globalThis }) {
  const { navigator } = scope;
  const emitter = createEmitter();
  const channel = new scope.BroadcastChannel(CHANNEL);
  const releases = new Map();
  const leaving = new AbortController();
  const uploader = createUploader({
    base,
    store,
    uploads,
    scope,
    emit: emitter.emit,
    endOrphans,
    signal: leaving.signal,
    onProgress: tellProgress,
  });
  let adding = Promise.resolve();

  function wakeEverywhere() {
    uploader.wake("work");
    channel.postMessage("work");
  }

  async function counts() {
    const [segments, ...totals] = await Promise.all([
      store.segments(base),
      ...TRACKS.map((name) => store.totals(base, name)),
    ]);
    const tracks = {};
    for (const [at, { captured_ms, stored_ms }] of totals.entries()) {
      tracks[TRACKS[at]] = { captured_ms, stored_ms };
    }
    return {
      ...tracks.camera,
      tracks,
      left_ms: Math.max(0, ...totals.map((one) => one.captured_ms - one.stored_ms)),
      waiting: segments.filter((record) => !record.refused).length,
      waiting_bytes: totals.reduce((sum, one) => sum + one.waiting_bytes, 0),
    };
  }

  async function tellCounts() {
    emitter.emit("counts", await counts());
  }

  async function tellProgress() {
    channel.postMessage("progress");
    await tellCounts();
  }

  /** One after another, so that slices reach the store in the order they were recorded. */
  function enqueue(work) {
    adding = adding.then(work).catch((error) => {
      const code = error?.name === "QuotaExceededError" ? "storage_full" : "storage_failed";
      emitter.emit("problem", { code });
    });
    return adding;
  }

  /** Held as long as this page records the segment: when it dies, others see that the segment has ended. */
  function holdSegment(segment) {
    return new Promise((resolve) => {
      navigator.locks.request(recorderLock(segment), () => {
        resolve();
        return new Promise((release) => releases.set(segment, release));
      });
    });
  }

  async function endOrphans() {
    const { held } = await navigator.locks.query();
    const alive = new Set(held.map((lock) => lock.name));
    for (const { segment, ended } of await store.segments(base)) {
      if (!ended && !alive.has(recorderLock(segment))) {
        await store.update(segment, (record) => ({ ...record, ended: true }));
      }
    }
  }

  const online = () => uploader.wake("online");
  channel.onmessage = ({ data }) => (data === "work" ? uploader.wake("work") : tellCounts());

  return {
    on: emitter.on,
    counts,
    /** Counts what was refused for want of a sign-in as waiting again; start() does so by itself. */
    forgive: uploader.forgiveRefusals,
    /** Uploads from now on, as soon as no other tab does. */
    start() {
      scope.addEventListener("online", online);
      const { signal } = leaving;
      navigator.locks.request(UPLOADER, { signal }, uploader.run).catch(() => {});
    },
    openSegment(started) {
      return enqueue(async () => {
        await holdSegment(started.segment);
        await store.addSegment(newSegment({ track, ...started, base }));
        wakeEverywhere();
      });
    },
    addSlice(slice) {
      return enqueue(async () => {
        const sha256 = await sha256Hex(await slice.blob.arrayBuffer());
        await store.addSlice(base, { ...slice, sha256 });
        await tellCounts();
        wakeEverywhere();
      });
    },
    endSegment(segment) {
      return enqueue(async () => {
        await store.update(segment, (record) => ({ ...record, ended: true }));
        releases.get(segment)?.();
        releases.delete(segment);
        wakeEverywhere();
      });
    },
    /** Resolves when everything recorded here for this interview is on the server, or finally refused. */
    async drain() {
      await adding;
      wakeEverywhere();
      while (!leaving.signal.aborted && (await counts()).waiting) {
        await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
      }
      return counts();
    },
    stop() {
      leaving.abort();
      uploader.wake("leave");
      scope.removeEventListener("online", online);
      for (const release of releases.values()) release();
      channel.close();
    },
  };
}
