// What changed between two texts, never cutting a surrogate pair in half.
import { ChangeSet, Text } from "../../vendor/codemirror.js";

// Lines of one text times lines of the other; beyond it one replacement must do.
const MOST_CELLS = 1_000_000;

function splitsPair(text, at) {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/** The smallest single replacement that turns one text into another, or null. */
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

/** lengths[i][j]: how many lines the ends of both lists, from i and from j, have in common. */
function commonLengths(before, after) {
  const lengths = Array.from(
    { length: before.length + 1 },
    () => new Uint32Array(after.length + 1),
  );
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const isSame = before[i] === after[j];
      lengths[i][j] = isSame
        ? lengths[i + 1][j + 1] + 1
        : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** Lines with their ends; the last one may have none. */
const linesOf = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** How many lines both begin with, and then how many both end with. */
function commonEnds(before, after) {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < shortest - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [start, tail];
}

/** For each place where they differ: how much stays before it, in characters, the lines that go and those that come. */
function lineChanges(before, after) {
  if (before.length * after.length > MOST_CELLS) return [{ stay: 0, go: before, come: after }];
  const lengths = commonLengths(before, after);
  const found = [];
  let block = { stay: 0, go: [], come: [] };
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      if (block.go.length + block.come.length > 0) {
        found.push(block);
        block = { stay: 0, go: [], come: [] };
      }
      block.stay += before[i].length;
      i += 1;
      j += 1;
    } else if (j === after.length || lengths[i + 1]?.[j] >= lengths[i][j + 1]) {
      block.go.push(before[i]);
      i += 1;
    } else {
      block.come.push(after[j]);
      j += 1;
    }
  }
  return [...found, block];
}

/** A change set that turns one text into another and leaves as much as it can where it is. */
export function difference(from, to) {
  const before = linesOf(from);
  const after = linesOf(to);
  const [start, tail] = commonEnds(before, after);
  const middle = (lines) => lines.slice(start, lines.length - tail);
  let at = before.slice(0, start).join("").length;
  const changes = [];
  for (const { stay, go, come } of lineChanges(middle(before), middle(after))) {
    at += stay;
    const change = singleReplacement(go.join(""), come.join(""));
    if (change) {
      const insert = Text.of(change.insert.split("\n"));
      changes.push({ from: at + change.from, to: at + change.to, insert });
    }
    at += go.join("").length;
  }
  return ChangeSet.of(changes, from.length);
}
