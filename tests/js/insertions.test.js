import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createCopies,
  insertion,
  noteInsertions,
  watchCopies,
} from "../../static/js/lib/insertions.js";
import { asJson, asTransaction, cut, fromJson } from "../../static/js/lib/updates.js";
import { ChangeSet, collab, EditorState, sendableUpdates } from "../../static/vendor/codemirror.js";

function stateWith(copies, doc = "abc") {
  const extensions = [noteInsertions(copies), collab({ clientID: "me" })];
  return EditorState.create({ doc, extensions });
}

function put(state, insert, userEvent) {
  return state.update({ changes: { from: 0, insert }, userEvent });
}

const told = (transaction) => transaction.annotation(insertion);

test("typing and deleting say nothing", () => {
  const state = stateWith(createCopies());
  assert.equal(told(put(state, "x", "input.type")), undefined);
  assert.equal(told(put(state, "x", "input.complete")), undefined);
  const cut = state.update({ changes: { from: 0, to: 2 }, userEvent: "delete.cut" });
  assert.equal(told(cut), undefined);
});

test("a paste is from inside once its text was copied here, whatever the spaces", () => {
  const copies = createCopies();
  const state = stateWith(copies);
  const text = "def f():\n    return 😀";
  assert.deepEqual(told(put(state, text, "input.paste")), {
    kind: "paste",
    size: 22,
    source: "outside",
  });
  copies.remember("def f():\n  return 😀\n");
  assert.equal(told(put(state, text, "input.paste")).source, "inside");
  assert.equal(told(put(state, `${text}!`, "input.paste")).source, "outside");
});

test("a part of what was copied is not what was copied", () => {
  const copies = createCopies();
  copies.remember("one two three");
  copies.remember("");
  assert.deepEqual([copies.has("two"), copies.has(""), copies.has(" ")], [false, false, false]);
});

test("only the latest copies are kept", () => {
  const copies = createCopies();
  for (let number = 0; number < 60; number += 1) copies.remember(`copy ${number}`);
  assert.deepEqual(
    [copies.has("copy 9"), copies.has("copy 10"), copies.has("copy 59")],
    [false, true, true],
  );
});

test("drops, moves and undo are told apart", () => {
  const state = stateWith(createCopies());
  const kinds = ["input.drop", "move.drop", "move.line", "input.copyline", "undo", "redo"];
  assert.deepEqual(
    kinds.map((event) => told(put(state, "xy", event))).map(({ kind, source }) => [kind, source]),
    [
      ["drop", "outside"],
      ["move", "inside"],
      ["move", "inside"],
      ["move", "inside"],
      ["undo", "inside"],
      ["undo", "inside"],
    ],
  );
});

test("a paste at several cursors is known by its lines or by its whole", () => {
  const copies = createCopies();
  copies.remember("one\ntwo");
  copies.remember("same");
  const state = stateWith(copies);
  const paste = (...texts) => {
    const changes = texts.map((insert, at) => ({ from: at, insert }));
    return told(state.update({ changes, userEvent: "input.paste" }));
  };
  assert.deepEqual(paste("one", "two"), { kind: "paste", size: 6, source: "inside" });
  assert.equal(paste("same", "same").source, "inside");
  assert.equal(paste("same", "other").source, "outside");
});

test("every piece of a large paste carries the size of the whole", () => {
  const { state } = put(stateWith(createCopies()), "x".repeat(100), "input.paste");
  const [{ changes, origin }] = sendableUpdates(state);
  const pieces = cut({ client: "a", changes, input: told(origin) }, 60);
  const whole = { kind: "paste", size: 100, source: "outside" };
  assert.deepEqual(
    asJson(pieces).map(({ client, input }) => [client, input]),
    ["a/0", "a/1", "a/2"].map((name) => [name, whole]),
  );
});

test("what came in how survives a reload", () => {
  const input = { kind: "paste", size: 2, source: "outside" };
  const changes = ChangeSet.of({ from: 0, insert: "xy" }, 3);
  const stored = JSON.parse(JSON.stringify(asJson([{ client: "a", changes, input }])));
  const [update] = fromJson(stored);
  const transaction = stateWith(createCopies()).update(asTransaction(update));
  assert.deepEqual(told(transaction), input);
});

test("copies are noticed from the clipboard, fields and Copy buttons", () => {
  const copies = createCopies();
  const root = new EventTarget();
  watchCopies(root, copies);
  const copy = new Event("copy");
  copy.clipboardData = { getData: () => "from the editor" };
  root.dispatchEvent(copy);
  root.value = "some of a field";
  root.selectionStart = 5;
  root.selectionEnd = 7;
  root.dispatchEvent(new Event("cut"));
  root.dispatchEvent(new CustomEvent("room:copied", { detail: "from an answer" }));
  assert.deepEqual(["from the editor", "of", "from an answer"].map(copies.has), [true, true, true]);
});
