// Groups slices to chunks. Decided once and kept: a chunk sent again must have the same bytes.

export const CHUNK_MS = 10_000;
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** What a segment is at first; everything the uploader needs lives in it and survives a reload. */
export function newSegment({ segment, base, track, mime_type, started_ms, video = null }) {
  const identity = { segment, base, track, mime_type, started_ms, video };
  const progress = { opened: false, ended: false, refused: null, next_slice: 0, next_chunk: 0 };
  return { ...identity, ...progress, duration_ms: 0, chunks: [] };
}

/**
 * The next chunk of a segment out of its waiting slices, or null while there is too little.
 * The first chunk is the first slice alone, so that the header is on the server early. A slice that could not be kept
 * leaves its chunk number out: the server then knows of the hole, and never gets bytes joined across it.
 */
export function planChunk(segment, slices) {
  const waiting = slices.filter((slice) => slice.index >= segment.next_slice);
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

export function withChunk(segment, index, changes) {
  const chunks = segment.chunks.map((chunk) =>
    chunk.index === index ? { ...chunk, ...changes } : chunk,
  );
  return { ...segment, chunks };
}

/** What closes a segment: every chunk there was, also those refused. */
export function manifestOf(segment) {
  return {
    last_index: segment.next_chunk - 1,
    duration_ms: segment.duration_ms,
    chunks: segment.chunks.map(({ index, sha256, size }) => ({ index, sha256, size })),
  };
}
