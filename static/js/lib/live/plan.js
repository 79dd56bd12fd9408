// What to feed next, from what the server has: nothing here touches the page.

/** Where to begin: the newest segment, one chunk before its last, so that there is something to play. */
export function beginning(segments) {
  const segment = segments.at(-1);
  if (!segment) return null;
  const chunk = segment.chunks.at(-2) ?? segment.chunks.at(-1);
  return { segment: segment.id, index: chunk.index };
}

/**
 * The next chunk behind `last` ({segment, index}, or null to begin): {segment, chunk, isJoined};
 * isJoined says whether its bytes go on where the last ones ended. Null: nothing new is stored.
 */
export function nextChunk(segments, last) {
  const from = last ?? beginning(segments);
  if (!from) return null;
  const position = segments.findIndex((one) => one.id === from.segment);
  const least = last ? last.index + 1 : from.index;
  const chunk = segments[position]?.chunks.find((one) => one.index >= least);
  const after = segments[position + 1];
  if (chunk) {
    // A missing number may still come; what is stored behind it waits only a little.
    const isJoined = Boolean(last) && chunk.index === last.index + 1;
    return { segment: segments[position], chunk, isJoined };
  }
  if (position < 0 && last) return nextChunk(segments, null);
  if (!after || after.chunks.length === 0) return null;
  return { segment: after, chunk: after.chunks[0], isJoined: false };
}

/** Whole seconds between what is seen and what happens. */
export function secondsBehind({ now, at, current }) {
  return Math.max(0, Math.round((now.ms + (current - now.at) - at) / 1000));
}
