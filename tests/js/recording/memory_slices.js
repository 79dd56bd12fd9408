// The slice store in memory, with the same contract as the one in IndexedDB.

export function memorySlices() {
  const segments = new Map();
  const slices = new Map();
  const totals = new Map();

  const keyOf = (base, track) => `${base} ${track}`;
  const totalOf = (key) => totals.get(key) ?? { captured_ms: 0, stored_ms: 0, waiting_bytes: 0 };
  const add = ({ base, track }, changes) => {
    const found = { ...totalOf(keyOf(base, track)) };
    for (const [name, value] of Object.entries(changes)) found[name] += value;
    totals.set(keyOf(base, track), found);
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
      const record = segments.get(slice.segment);
      if (!record) return;
      const { size } = slice.blob;
      slices.set(`${slice.segment} ${slice.index}`, { ...slice, size });
      const { track } = record;
      add({ base, track }, { captured_ms: slice.duration_ms, waiting_bytes: size });
    },
    async slices(...wanted) {
      return of(...wanted);
    },
    async stored(segment, chunk, change) {
      drop(of(segment, chunk.first, chunk.last));
      segments.set(segment, change(segments.get(segment)));
      const changes = { stored_ms: chunk.duration_ms, waiting_bytes: -chunk.size };
      add(segments.get(segment), changes);
    },
    async remove(segment) {
      const left = of(segment);
      const waiting_bytes = -left.reduce((sum, slice) => sum + slice.size, 0);
      if (left.length) add(segments.get(segment), { waiting_bytes });
      drop(left);
      segments.delete(segment);
    },
    async totals(base, track = "camera") {
      return totalOf(keyOf(base, track));
    },
  };
}
