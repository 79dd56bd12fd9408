import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../../static/js/lib/textdiff.js";
import { createPassage, cut, takeBatch, textAfter } from "../../static/js/lib/updates.js";
import { ChangeSet, Text } from "../../static/vendor/codemirror.js";
import { createRandom } from "./random.js";

const textOf = (string) => Text.of(string.split("\n"));
const applied = (updates, doc) => updates.reduce((text, { changes }) => changes.apply(text), doc);

function update(changes, client = "a") {
  return { client, changes };
}

test("a light update travels as it is", () => {
  const one = update(ChangeSet.of({ from: 1, insert: "x" }, 3));
  assert.deepEqual(cut(one, 40), [one]);
});

test("random updates are cut into pieces that do the same and keep pairs whole", () => {
  const random = createRandom(7);
  for (let round = 0; round < 400; round += 1) {
    const doc = textOf(random.text(60));
    const whole = update(random.changes(doc.length, { most: 6, text: 90 }));
    const limit = 30 + random.below(60);
    const pieces = cut(whole, limit);
    assert.equal(applied(pieces, doc).toString(), whole.changes.apply(doc).toString());
    for (const { changes } of pieces) {
      let weight = 0;
      changes.iterChanges((_a, _b, _c, _d, inserted) => {
        weight += 24 + inserted.length;
        const cutsPair = !inserted.toString().isWellFormed();
        assert.ok(!cutsPair || !whole.changes.apply(doc).toString().isWellFormed());
      }, true);
      assert.ok(weight <= limit || pieces.length === 1, `${weight} > ${limit}`);
    }
    const names = pieces.map(({ client }, number) => [client, `a/${number}`]);
    if (pieces.length > 1) for (const [name, wanted] of names) assert.equal(name, wanted);
  }
});

test("a passage ends with the whole update and then what others did between", () => {
  const random = createRandom(11);
  for (let round = 0; round < 300; round += 1) {
    const doc = textOf(random.text(50));
    const whole = update(random.changes(doc.length, { most: 4, text: 80 }));
    const pieces = cut(whole, 40);
    if (pieces.length === 1) continue;
    const passage = createPassage(pieces);
    let server = doc;
    let taken = 0;
    while (passage.rest().length > 0) {
      const isForeign = random.below(3) === 0;
      const next = isForeign
        ? update(random.changes(server.length, { most: 3, text: 5 }), "other")
        : passage.rest()[0];
      server = next.changes.apply(server);
      passage.take(next);
      taken += 1;
    }
    const here = whole.changes.apply(doc);
    const after = passage.foreign()?.apply(here) ?? here;
    assert.equal(after.toString(), server.toString());
    assert.equal(passage.taken(), taken);
  }
});

test("batches hold what one message may, and no more updates than the server takes", () => {
  const small = Array.from({ length: 2_500 }, (_, at) =>
    update(ChangeSet.of({ from: at, insert: "x" }, at), `p.${at}`),
  );
  assert.equal(takeBatch(small, 1_000_000).length, 1_000);
  assert.ok(takeBatch(small).length > 500);
  const large = update(ChangeSet.of({ from: 0, insert: "x".repeat(60_000) }, 0));
  assert.equal(takeBatch([large, large]).length, 1);
  assert.equal(takeBatch([large, large], 10).length, 1);
});

test("a difference turns one text into the other and leaves the lines both have", () => {
  const random = createRandom(3);
  for (let round = 0; round < 300; round += 1) {
    const [from, to] = [random.text(40), random.text(40)];
    assert.equal(difference(from, to).apply(textOf(from)).toString(), to);
  }
  const before = "one\ntwo\nthree\nfour\n";
  const changes = difference(before, "ONE\ntwo\nthree\nFOUR\n");
  const typed = ChangeSet.of({ from: 7, insert: "!" }, before.length);
  const both = typed.map(changes).apply(changes.apply(textOf(before)));
  assert.equal(both.toString(), "ONE\ntwo!\nthree\nFOUR\n");
});

test("texts with more lines than can be compared differ by one replacement", () => {
  const from = Array.from({ length: 1_500 }, (_, at) => `${at}\n`).join("");
  const to = Array.from({ length: 1_500 }, (_, at) => `${at * 7}!\n`).join("");
  assert.equal(difference(from, to).apply(textOf(from)).toString(), to);
});

test("the text after a list of updates is what they make of the base", () => {
  const changes = ChangeSet.of({ from: 1, insert: "\nx" }, 2).toJSON();
  assert.equal(textAfter("ab", [{ client: "a", changes }]), "a\nxb");
});
