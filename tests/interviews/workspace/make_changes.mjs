// Prints random texts, change sets and results, one JSON line each: what the browser's own library makes of them.
import { ChangeSet, Text } from "@codemirror/state";

const [cases, seed] = process.argv.slice(2).map(Number);
const LETTERS = ["a", "b", " ", "\t", "é", "漢", "😀", "👩‍💻", "\ud800", "\udc00", "\n", "\n", "\0"];

let state = seed;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function makeText(length) {
  return Array.from({ length }, () => LETTERS[random(LETTERS.length)]).join("");
}

function makeSpec(length) {
  const from = random(length + 1);
  const to = random(3) === 0 ? from : from + random(length - from + 1);
  return { from, to, insert: Text.of(makeText(random(8)).split("\n")) };
}

for (let number = 0; number < cases; number += 1) {
  const before = makeText(random(40));
  const doc = Text.of(before.split("\n"));
  let changes = ChangeSet.of(makeSpec(doc.length), doc.length);
  for (let more = random(4); more > 0; more -= 1) {
    changes = changes.compose(ChangeSet.of(makeSpec(changes.newLength), changes.newLength));
  }
  const after = changes.apply(doc).toString();
  console.log(JSON.stringify({ before, changes: changes.toJSON(), after }));
}
