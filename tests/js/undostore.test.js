// What could be undone is there again after a reload, for the very same text only.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplica } from "../../static/js/lib/replica.js";
import { createUndoStore, markText } from "../../static/js/lib/undostore.js";
import { history, historyKeymap, isolateHistory } from "../../static/vendor/codemirror.js";

const undo = historyKeymap.find(({ key }) => key === "Mod-z").run;

function memory(most = Infinity) {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => items.delete(key),
    setItem(key, value) {
      if (value.length > most) throw new Error("full");
      items.set(key, value);
    },
  };
}

/** A page that has opened a document. */
function page(storage, { document = 7, version = 3, text = "abc" } = {}) {
  const store = createUndoStore("room", storage);
  const doc = { document, state: null, view: null };
  const names = { nextName: () => "me.1", extensions: () => history() };
  const replica = createReplica(doc, { ...names, recall: store.recall });
  replica.start({ document, version, text });
  return {
    doc,
    type(insert, from) {
      const annotations = isolateHistory.of("full");
      const spec = { changes: { from, insert }, selection: { anchor: from + insert.length } };
      replica.dispatch(doc.state.update({ ...spec, annotations, userEvent: "input.type" }));
    },
    undo() {
      const { state } = doc;
      undo({ state, dispatch: replica.dispatch });
      return doc.state.doc.toString();
    },
    leave: () => store.save(doc, replica.reached()),
  };
}

test("what was typed before a reload can be undone after it, cursor and all", () => {
  const storage = memory();
  const before = page(storage);
  before.type("d", 3);
  before.type("e", 4);
  before.leave();
  const after = page(storage, { version: 5, text: "abcde" });
  assert.equal(after.doc.state.selection.main.head, 5);
  assert.equal(after.undo(), "abcd");
  assert.equal(after.undo(), "abc");
});

for (const [what, opened] of [
  ["another text", { version: 5, text: "abcdf" }],
  ["another document", { document: 8, version: 5, text: "abcd" }],
  ["a server that went back", { version: 2, text: "abcd" }],
]) {
  test(`${what} begins without it`, () => {
    const storage = memory();
    const before = page(storage);
    before.type("d", 3);
    before.leave();
    const after = page(storage, opened);
    assert.equal(after.undo(), opened.text);
  });
}

test("what is no history of ours, or finds no room, is passed over", () => {
  const storage = memory();
  const mark = markText("abc");
  const kept = { mark, version: 3, selection: { ranges: [{}], main: 0 }, history: { done: 5 } };
  storage.setItem("interviewlm:undo:room:7", JSON.stringify(kept));
  assert.equal(page(storage).undo(), "abc");
  storage.setItem("interviewlm:undo:room:7", "{");
  assert.equal(page(storage).undo(), "abc");

  const full = memory(10);
  const before = page(full);
  before.type("d", 3);
  before.leave();
  assert.equal(page(full, { version: 4, text: "abcd" }).undo(), "abcd");
});

test("texts have marks of their own", () => {
  const texts = ["", "a", "b", "ab", "ba", "a😀", "😀a", "x".repeat(1000), "x".repeat(999)];
  assert.equal(new Set(texts.map(markText)).size, texts.length);
});
