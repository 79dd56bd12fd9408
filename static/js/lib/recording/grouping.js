// Groups slices to chunks. Decided once and kept: a chunk sent again must have the same bytes.

export const CHUNK_MS = 10_000;
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** What a segment is at first; everything the uploader needs lives in it and survives a reload. */
export function newSegment({ segment, base, track, mime_type, started_ms, video = null }) {
  const identity = { segment, base, track, mime_type, started_ms, video };
  const progress = { opened: false, ended: false, refused: null, next_slice: 0, next_chunk: 0 };
  return { ...identity, ...progress, duration_ms: 0, chunks: [], damaged: [] };
}

/**
 * The next chunk of a segment out of its waiting slices, or null while there is too little.
 * The first chunk is the first slice alone, so that the header is on the server early. A slice that could not be kept,
 * or was damaged since, leaves its chunk number out: the server then knows of the hole, and never gets bytes joined
 * across it.
 */
export function planChunk(segment, slices) {
  const { next_slice, damaged = [] } = segment;
  const waiting = slices.filter(({ index }) => index >= next_slice && !damaged.includes(index));
  if (!waiting.length) return null;
  const [first] = waiting;
  const lost = first.index > segment.next_slice ? 1 : 0;
  const index = segment.next_chunk + lost;
  const taken = [];
  let size = 0;
  let duration = 0;
  for (const slice of waiting) {
    const follows = slice.index === first.index + taken.length;
    if (!follows || (taken.length && size + slice.size > CHUNK_BYTES)) {
      return chunkOf(index, taken, size);
    }
    taken.push(slice);
    size += slice.size;
    duration += slice.duration_ms;
    if (index === 0 || duration >= CHUNK_MS) return chunkOf(index, taken, size);
  }
  return segment.ended ? chunkOf(index, taken, size) : null;
}

function chunkOf(index, slices, size) {
  const first = slices[0];
  const last = slices.at(-1);
  return {
    index,
    first: first.index,
    last: last.index,
    size,
    start_ms: first.start_ms,
    duration_ms: last.start_ms + last.duration_ms - first.start_ms,
    sha256: null,
    state: "waiting",
  };
}

/** The segment with the chunk decided. */
export function sealed(segment, chunk) {
  return {
    ...segment,
    chunks: [...segment.chunks, chunk],
    next_slice: chunk.last + 1,
    next_chunk: chunk.index + 1,
  };
}

/** The segment without a slice that is not what it was. */
export function withDamaged(segment, slice) {
  return { ...segment, damaged: [...(segment.damaged ?? []), slice] };
}

/**
 * The segment in which a slice of a decided chunk is damaged: decided anew while it is the last one, so that only the
 * slice is lost; once others follow its number cannot be shared, and the whole chunk is.
 */
export function reconsidered(segment, chunk, slice) {
  if (segment.next_chunk > chunk.index + 1) {
    return withChunk(segment, chunk.index, { state: "damaged" });
  }
  const chunks = segment.chunks.filter((one) => one.index !== chunk.index);
  const undecided = { ...segment, chunks, next_slice: chunk.first, next_chunk: chunk.index };
  return withDamaged(undecided, slice);
}

export function withChunk(segment, index, changes) {
  const chunks = segment.chunks.map((chunk) =>
    chunk.index === index ? { ...chunk, ...changes } : chunk,
  );
  return { ...segment, chunks };
}

/** What closes a segment: every chunk there was, also those refused, and a number for a damaged end. */
export function manifestOf(segment) {
  const isEndLost = (segment.damaged ?? []).some((slice) => slice >= segment.next_slice);
  return {
    last_index: isEndLost ? segment.next_chunk : segment.next_chunk - 1,
    duration_ms: segment.duration_ms,
    chunks: segment.chunks.map(({ index, sha256, size }) => ({ index, sha256, size })),
  };
}
