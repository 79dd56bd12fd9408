// The words of a text near a place, the nearest first; what is known of a piece of text is kept until it changes.

const WORD = /[\p{L}_$][\p{L}\p{N}_$]{2,49}/gu;
const MOST_CHARS = 200_000;

const known = new WeakMap();

function read(leaf, skip) {
  const words = new Set();
  let at = 0;
  for (const line of leaf.iterLines()) {
    for (const { 0: word, index } of line.matchAll(WORD)) {
      if (at + index !== skip) words.add(word);
    }
    at += line.length + 1;
  }
  return words;
}

function wordsOf(leaf) {
  if (!known.has(leaf)) known.set(leaf, read(leaf, -1));
  return known.get(leaf);
}

/** The smallest pieces of a text with their places, those within from and to. */
function leavesOf(text, from, to, start = 0) {
  if (start > to || start + text.length < from) return [];
  if (!text.children) return [{ text, start, end: start + text.length }];
  let at = start;
  return text.children.flatMap((piece) => {
    const leaves = leavesOf(piece, from, to, at);
    at += piece.length + 1;
    return leaves;
  });
}

/** Words around a place, but for the one that begins at skip: it is being typed. */
export function collectWords(doc, { near = 0, skip = -1, limit = 500 } = {}) {
  const words = new Set();
  const reach = MOST_CHARS / 2;
  const leaves = leavesOf(doc, near - reach, near + reach);
  const distance = ({ start, end }) => Math.max(start - near, near - end, 0);
  for (const { text, start, end } of leaves.sort((a, b) => distance(a) - distance(b))) {
    const isHere = start <= skip && skip <= end;
    for (const word of isHere ? read(text, skip - start) : wordsOf(text)) {
      if (words.size >= limit) return words;
      words.add(word);
    }
  }
  return words;
}
