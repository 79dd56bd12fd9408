// Random texts and change sets, the same for the same seed.
import { ChangeSet, Text } from "../../static/vendor/codemirror.js";

const LETTERS = ["a", "b", " ", "é", "漢", "😀", "👩‍💻", "\n", "\n", "{", '"'];

export function createRandom(seed) {
  let state = seed;

  function below(limit) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  }

  const pick = (list) => list[below(list.length)];
  const text = (most) => Array.from({ length: below(most + 1) }, () => pick(LETTERS)).join("");

  function changes(length, { most = 1, text: mostText = 8 } = {}) {
    const specs = [];
    let from = 0;
    for (let left = 1 + below(most); left > 0 && from <= length; left -= 1) {
      from += below(length - from + 1);
      const to = Math.min(length, from + (below(3) === 0 ? below(10) : 0));
      specs.push({ from, to, insert: Text.of(text(mostText).split("\n")) });
      from = to + 1;
    }
    return ChangeSet.of(specs, length);
  }

  const insertion = (from, length) => ChangeSet.of({ from, insert: text(8) }, length);

  return { below, pick, text, changes, insertion };
}
