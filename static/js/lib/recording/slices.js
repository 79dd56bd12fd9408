// What is recorded and not yet on the server, in IndexedDB: it survives a reload, a crash and a long time offline.

const NAME = "interviewlm-recording";
const VERSION = 1;

function opened(factory) {
  return new Promise((resolve, reject) => {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("segments", { keyPath: "segment" });
      request.result.createObjectStore("slices", { keyPath: ["segment", "index"] });
      request.result.createObjectStore("totals", { keyPath: "base" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function got(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Each track of an interview counts for itself. */
const totalsKey = (base, track) => (track === "camera" ? base : `${base} ${track}`);
const NOTHING = { captured_ms: 0, stored_ms: 0, waiting_bytes: 0 };

function sizeOf(slices) {
  return slices.reduce((sum, slice) => sum + slice.size, 0);
}

function range(segment, first, last) {
  return IDBKeyRange.bound([segment, first], [segment, last]);
}

/** Opens the store. Every method resolves when its transaction is complete; a full disk rejects with QuotaExceededError. */
export async function openSlices(factory = globalThis.indexedDB) {
  const database = await opened(factory);

  /** Runs a read-modify-write in one transaction: two tabs never overwrite each other's work. */
  function inTransaction(stores, work, mode = "readwrite") {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(stores, mode, { durability: "strict" });
      const outcome = work(...stores.map((name) => transaction.objectStore(name)));
      transaction.oncomplete = () => outcome.then(resolve, reject);
      transaction.onerror = transaction.onabort = () => {
        outcome.catch(() => {});
        reject(transaction.error);
      };
    });
  }

  async function addTotals(totals, { base, track }, changes) {
    const key = totalsKey(base, track);
    const after = { ...NOTHING, ...(await got(totals.get(key))), base: key };
    for (const [name, value] of Object.entries(changes)) after[name] += value;
    totals.put(after);
  }

  return {
    addSegment(record) {
      return inTransaction(["segments"], async (segments) => segments.put(record));
    },
    async segments(base) {
      const all = await inTransaction(["segments"], (store) => got(store.getAll()), "readonly");
      return all
        .filter((record) => record.base === base)
        .sort((one, other) => one.started_ms - other.started_ms);
    },
    /** Applies `change` to the stored record; undefined when it is gone. */
    update(segment, change) {
      return inTransaction(["segments"], async (segments) => {
        const record = await got(segments.get(segment));
        if (!record) return undefined;
        const changed = change(record);
        segments.put(changed);
        return changed;
      });
    },
    addSlice(base, slice) {
      return inTransaction(["slices", "segments", "totals"], async (slices, segments, totals) => {
        const record = await got(segments.get(slice.segment));
        if (!record) return;
        const { size } = slice.blob;
        slices.put({ ...slice, size });
        segments.put({ ...record, duration_ms: slice.start_ms + slice.duration_ms });
        const { track } = record;
        const added = { captured_ms: slice.duration_ms, waiting_bytes: size };
        await addTotals(totals, { base, track }, added);
      });
    },
    slices(segment, first = 0, last = Number.MAX_SAFE_INTEGER) {
      const read = (store) => got(store.getAll(range(segment, first, last)));
      return inTransaction(["slices"], read, "readonly");
    },
    /** The chunk is on the server: only now its slices go. */
    stored(segment, chunk, change) {
      return inTransaction(["slices", "segments", "totals"], async (slices, segments, totals) => {
        const record = await got(segments.get(segment));
        if (!record) return;
        slices.delete(range(segment, chunk.first, chunk.last));
        segments.put(change(record));
        const added = { stored_ms: chunk.duration_ms, waiting_bytes: -chunk.size };
        await addTotals(totals, record, added);
      });
    },
    /** Forgets a segment that is finished, with what the server refused of it. */
    remove(segment) {
      return inTransaction(["slices", "segments", "totals"], async (slices, segments, totals) => {
        const record = await got(segments.get(segment));
        if (!record) return;
        const all = range(segment, 0, Number.MAX_SAFE_INTEGER);
        const waiting_bytes = -sizeOf(await got(slices.getAll(all)));
        slices.delete(all);
        segments.delete(segment);
        if (waiting_bytes) await addTotals(totals, record, { waiting_bytes });
      });
    },
    /** {captured_ms, stored_ms, waiting_bytes} of one track. */
    async totals(base, track = "camera") {
      const key = totalsKey(base, track);
      const found = await inTransaction(["totals"], (store) => got(store.get(key)), "readonly");
      return { ...NOTHING, ...found };
    },
    close() {
      database.close();
    },
  };
}
