import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createLint, placeDiagnostics } from "../../static/js/lib/lint.js";
import { ChangeSet, EditorState, forEachDiagnostic } from "../../static/vendor/codemirror.js";

const FOUND = { from: 4, to: 7, severity: "error", message: "Undefined name", code: "F821" };

/** A page with one file, whose server answers what and when the test says. */
function makePage({ unsaved = 0, path = "1-f/main.py" } = {}) {
  const listeners = { hello: [], active: [] };
  const on = (name, handler) => listeners[name].push(handler);
  const asked = [];
  const doc = {
    state: null,
    number: 3,
    waiting: unsaved,
    version: () => doc.number,
    unsaved: () => doc.waiting,
    dispatch(spec) {
      doc.state = doc.state.update(spec).state;
    },
  };
  const socket = {
    on,
    state: "online",
    request(frame) {
      return new Promise((resolve, reject) => asked.push({ frame, resolve, reject }));
    },
  };
  const editor = { on, active: path };
  const documents = { get: (name) => (name === path ? doc : null), flush: async () => true };
  const lint = createLint({ socket, documents, editor, idle: 1_000 });
  doc.state = EditorState.create({ doc: "one two three", extensions: lint.extension() });
  const pause = () => {
    for (const handler of listeners.active) handler();
    mock.timers.tick(1_000);
  };
  return { doc, socket, editor, asked, pause };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function marksOf(doc) {
  const marks = [];
  forEachDiagnostic(doc.state, (mark, from, to) =>
    marks.push([doc.state.sliceDoc(from, to), mark]),
  );
  return marks;
}

function answer({ frame, resolve }, diagnostics, version = frame.version) {
  resolve({
    type: "lint.result",
    id: frame.id,
    path: frame.path,
    version,
    tool: "ruff",
    diagnostics,
  });
  return settle();
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("places move with what was typed since, and go with what was deleted", () => {
  const changes = ChangeSet.of(
    [
      { from: 0, insert: "ab" },
      { from: 8, to: 13 },
    ],
    13,
  );
  const found = [FOUND, { ...FOUND, from: 9, to: 12 }, { ...FOUND, from: 99, to: 120 }];
  const placed = placeDiagnostics(found, changes, "ruff");
  assert.deepEqual(
    placed.map(({ from, to, source }) => [from, to, source]),
    [
      [6, 9, "ruff F821"],
      [10, 10, "ruff F821"],
      [10, 10, "ruff F821"],
    ],
  );
});

test("the file shown is looked at after a pause, and marked", async () => {
  const { doc, asked, pause } = makePage();
  pause();
  assert.deepEqual(
    asked.map(({ frame }) => [frame.type, frame.path, frame.version]),
    [["lint.ask", "1-f/main.py", 3]],
  );
  await answer(asked[0], [FOUND]);
  const [[text, mark]] = marksOf(doc);
  assert.deepEqual([text, mark.message, mark.severity], ["two", "Undefined name", "error"]);
});

test("marks keep to their words while one types on", async () => {
  const { doc, asked, pause } = makePage();
  pause();
  doc.dispatch({ changes: { from: 0, insert: "zero " } });
  await answer(asked[0], [FOUND]);
  doc.dispatch({ changes: { from: 0, insert: "again " } });
  assert.deepEqual(
    marksOf(doc).map(([text]) => text),
    ["two"],
  );
});

test("what is not stored yet waits, and nothing is asked twice", async () => {
  const { doc, asked, pause } = makePage({ unsaved: 1 });
  pause();
  assert.equal(asked.length, 0);
  doc.waiting = 0;
  mock.timers.tick(500);
  assert.equal(asked.length, 1);
  await answer(asked[0], []);
  pause();
  assert.equal(asked.length, 1);
});

test("a change during a look is looked at after it", async () => {
  const { doc, asked, pause } = makePage();
  pause();
  doc.number = 4;
  pause();
  assert.equal(asked.length, 1);
  await answer(asked[0], []);
  mock.timers.tick(500);
  assert.deepEqual(
    asked.map(({ frame }) => frame.version),
    [3, 4],
  );
});

test("an answer about another version marks nothing", async () => {
  const { doc, asked, pause } = makePage();
  pause();
  await answer(asked[0], [FOUND], 9);
  assert.deepEqual(marksOf(doc), []);
});

test("a refusal is silent, and not asked again before the next change", async () => {
  const { doc, asked, pause } = makePage();
  pause();
  asked[0].reject(new Error("busy"));
  await settle();
  mock.timers.tick(60_000);
  assert.equal(asked.length, 1);
  doc.number = 4;
  pause();
  assert.equal(asked.length, 2);
});

test("plain text, no file and no connection ask nothing", () => {
  const plain = makePage({ path: "1-f/notes.txt" });
  plain.pause();
  const none = makePage();
  none.editor.active = null;
  none.pause();
  const away = makePage();
  away.socket.state = "reconnecting";
  away.pause();
  assert.deepEqual([plain.asked.length, none.asked.length, away.asked.length], [0, 0, 0]);
});
