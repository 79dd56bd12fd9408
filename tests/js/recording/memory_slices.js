// The slice store in memory, with the same contract as the one in IndexedDB.

export function memorySlices() {
  const segments = new Map();
  const slices = new Map();
  const totals = new Map();

  const add = (base, name, value) => {
    const found = totals.get(base) ?? { base, captured_ms: 0, stored_ms: 0 };
    totals.set(base, { ...found, [name]: found[name] + value });
  };
  const of = (segment, first = 0, last = Number.MAX_SAFE_INTEGER) =>
    [...slices.values()].filter(
      (slice) => slice.segment === segment && slice.index >= first && slice.index <= last,
    );
  const drop = (found) => {
    for (const slice of found) slices.delete(`${slice.segment} ${slice.index}`);
  };

  return {
    kept: slices,
    async addSegment(record) {
      segments.set(record.segment, record);
    },
    async segments(base) {
      return [...segments.values()].filter((record) => record.base === base);
    },
    async update(segment, change) {
      if (!segments.has(segment)) return undefined;
      segments.set(segment, change(segments.get(segment)));
      return segments.get(segment);
    },
    async addSlice(base, slice) {
      if (!segments.has(slice.segment)) return;
      slices.set(`${slice.segment} ${slice.index}`, { ...slice, size: slice.blob.size });
      add(base, "captured_ms", slice.duration_ms);
    },
    async slices(...wanted) {
      return of(...wanted);
    },
    async stored(segment, chunk, change) {
      drop(of(segment, chunk.first, chunk.last));
      segments.set(segment, change(segments.get(segment)));
      add(segments.get(segment).base, "stored_ms", chunk.duration_ms);
    },
    async remove(segment) {
      drop(of(segment));
      segments.delete(segment);
    },
    async totals(base) {
      return totals.get(base) ?? { base, captured_ms: 0, stored_ms: 0 };
    },
  };
}
