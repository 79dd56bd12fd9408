// The smallest single replacement that turns one text into another, never cutting a surrogate pair in half.

function splitsPair(text, at) {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

export function singleReplacement(from, to) {
  if (from === to) return null;
  const shortest = Math.min(from.length, to.length);
  let start = 0;
  while (start < shortest && from.charCodeAt(start) === to.charCodeAt(start)) start += 1;
  if (splitsPair(from, start) || splitsPair(to, start)) start -= 1;
  let tail = 0;
  while (
    tail < shortest - start &&
    from.charCodeAt(from.length - 1 - tail) === to.charCodeAt(to.length - 1 - tail)
  ) {
    tail += 1;
  }
  if (splitsPair(from, from.length - tail) || splitsPair(to, to.length - tail)) tail -= 1;
  return { from: start, to: from.length - tail, insert: to.slice(start, to.length - tail) };
}
