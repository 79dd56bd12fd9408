import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  insertedRanges,
  interviewerText,
  joinRanges,
  mapRanges,
  noteUpdates,
} from "../../static/js/lib/authorship.js";
import { caretOf, placeWriter } from "../../static/js/lib/cursors.js";
import { createEmitter } from "../../static/js/lib/events.js";
import { createPresence } from "../../static/js/lib/presence.js";
import { candidateWords } from "../../static/js/lib/watchbar.js";
import { namesOf, watchingText } from "../../static/js/lib/watchers.js";
import {
  ChangeSet,
  collab,
  EditorSelection,
  EditorState,
  receiveUpdates,
  sendableUpdates,
} from "../../static/vendor/codemirror.js";

const PATH = "ladder/solution.py";

/** A document as docsync.js keeps it, without a server. */
function makeDoc(text, extensions, version = 3) {
  const doc = {
    path: PATH,
    state: EditorState.create({
      doc: text,
      extensions: [collab({ startVersion: version, clientID: "own" }), extensions],
    }),
    version: () => version,
    dispatch(spec) {
      doc.state = doc.state.update(spec).state;
    },
    unsaved: () => sendableUpdates(doc.state).length,
    confirm() {
      const own = sendableUpdates(doc.state);
      version += own.length;
      doc.state = receiveUpdates(doc.state, own).state;
    },
    receive(changes) {
      version += 1;
      const transaction = receiveUpdates(doc.state, [{ clientID: "other", changes }]);
      doc.state = transaction.state;
    },
  };
  return doc;
}

function makeRoom({ isInterviewer = false } = {}) {
  const { on, emit } = createEmitter();
  const sent = [];
  const socket = { on, sent, send: (frame) => sent.push(frame) };
  const presence = createPresence({ socket, isInterviewer });
  const editorEvents = createEmitter();
  const editor = { active: PATH, on: editorEvents.on };
  const doc = makeDoc("abcdef", presence.extensions());
  const status = createEmitter();
  const documents = {
    on: status.on,
    get: (path) => (path === PATH ? doc : null),
    open: () => Promise.resolve(doc),
  };
  presence.watch(documents, editor);
  const look = () => editorEvents.emit("active");
  const store = () => {
    doc.confirm();
    status.emit("status");
  };
  /** Another's change is taken over, as documents.js tells. */
  const take = (changes) => {
    const from = doc.version();
    doc.receive(changes);
    status.emit("taken", { path: PATH, version: from, updates: [{ changes }] });
  };
  return { socket, doc, hear: emit, look, store, take };
}

const WATCHER = { id: "w", person: "p", name: "Dana Reyes", may_type: false };

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
afterEach(() => mock.timers.reset());

test("nobody is told where an unwatched candidate is", () => {
  const { socket, hear, look } = makeRoom();
  hear("hello", { writer: true });
  look();
  mock.timers.tick(1_000);
  assert.deepEqual(socket.sent, []);
});

test("a watched candidate tells at once, then five times a second at most", () => {
  const { socket, hear, look } = makeRoom();
  hear("hello", { writer: true });
  hear("presence.watchers", { watchers: [WATCHER] });
  mock.timers.tick(0);
  assert.deepEqual(socket.sent, [
    { type: "presence.cursor", path: PATH, version: 3, ranges: [[0, 0]] },
  ]);
  for (let at = 0; at < 50; at += 1) {
    look();
    mock.timers.tick(1);
  }
  assert.equal(socket.sent.length, 1);
  mock.timers.tick(200);
  assert.equal(socket.sent.length, 2);
});

test("a window that only reads tells nothing", () => {
  const { socket, hear, look } = makeRoom();
  hear("hello", { writer: true });
  hear("presence.taken_over", {});
  hear("presence.watchers", { watchers: [WATCHER] });
  look();
  mock.timers.tick(1_000);
  assert.deepEqual(socket.sent, []);
});

test("a place is told once what was typed there is stored", () => {
  const { socket, doc, hear, look, store } = makeRoom();
  hear("hello", { writer: true });
  hear("presence.watchers", { watchers: [WATCHER] });
  mock.timers.tick(0);
  doc.dispatch({ changes: { from: 0, insert: "X" }, selection: EditorSelection.single(1) });
  look();
  mock.timers.tick(1_000);
  assert.equal(socket.sent.length, 1);
  store();
  mock.timers.tick(200);
  assert.deepEqual(socket.sent[1].ranges, [[1, 1]]);
  assert.equal(socket.sent[1].version, 4);
});

test("another's caret is placed over what waits here and goes along with edits", () => {
  const { doc } = makeRoom();
  doc.dispatch({ changes: { from: 0, insert: "12" } });
  placeWriter(doc, { id: "w", who: "interviewer", name: "Dana", turn: 1, ranges: [[3, 3]] });
  assert.equal(caretOf(doc.state, "w"), 5);
  doc.dispatch({ changes: { from: 5, insert: "mine" } });
  assert.equal(caretOf(doc.state, "w"), 5);
  doc.receive(ChangeSet.of({ from: 3, insert: "theirs" }, 6));
  assert.equal(caretOf(doc.state, "w"), 5 + "theirs".length);
});

test("a place beyond the text is its end", () => {
  const { doc } = makeRoom();
  placeWriter(doc, { id: "w", who: "interviewer", name: "", turn: 1, ranges: [[99, 10 ** 12]] });
  assert.equal(caretOf(doc.state, "w"), 6);
});

test("a cursor of a version that is not here yet waits for it", () => {
  const { doc, hear, take } = makeRoom();
  const cursor = { id: "w", who: "interviewer", name: "Dana", path: PATH, ranges: [[9, 9]] };
  hear("presence.cursor", { ...cursor, version: 4 });
  assert.equal(caretOf(doc.state, "w"), null);
  take(ChangeSet.of({ from: 6, insert: "ghi" }, 6));
  assert.equal(caretOf(doc.state, "w"), 9);
});

test("the caret of somebody who left is gone", () => {
  const { doc, hear } = makeRoom();
  hear("presence.watchers", { watchers: [{ ...WATCHER, may_type: true }] });
  const cursor = { id: "w", who: "interviewer", name: "Dana", path: PATH, version: 3 };
  hear("presence.cursor", { ...cursor, ranges: [[1, 1]] });
  assert.equal(caretOf(doc.state, "w"), 1);
  hear("presence.watchers", { watchers: [] });
  assert.equal(caretOf(doc.state, "w"), null);
});

test("interviewers' text is noted from updates and kept through edits", () => {
  const field = interviewerText();
  const doc = makeDoc("abc", field);
  const theirs = ChangeSet.of({ from: 1, insert: "WHY" }, 3);
  doc.receive(theirs);
  noteUpdates(doc, [{ origin: "interviewer", changes: theirs }]);
  assert.deepEqual(doc.state.field(field), [[1, 4]]);
  doc.dispatch({ changes: { from: 2, insert: "me" } });
  assert.deepEqual(doc.state.field(field), [
    [1, 2],
    [4, 6],
  ]);
  doc.dispatch({ changes: { from: 0, to: 5 } });
  assert.deepEqual(doc.state.field(field), [[0, 1]]);
});

test("the candidate's updates in between are not an interviewer's", () => {
  const field = interviewerText();
  const doc = makeDoc("abc", field);
  const first = ChangeSet.of({ from: 0, insert: "XX" }, 3);
  const second = ChangeSet.of({ from: 1, insert: "c" }, 5);
  doc.receive(first.compose(second));
  noteUpdates(doc, [{ origin: "interviewer", changes: first }, { changes: second }]);
  assert.deepEqual(doc.state.field(field), [
    [0, 1],
    [2, 3],
  ]);
});

test("what an interviewer types is theirs at once, what Undo brings back is not", () => {
  const field = interviewerText({ isInterviewer: true });
  const doc = makeDoc("abc", field);
  doc.dispatch({ changes: { from: 3, insert: "d" }, userEvent: "input.type" });
  doc.dispatch({ changes: { from: 4, insert: "e" }, userEvent: "input.type" });
  doc.dispatch({ changes: { from: 0, insert: "z" }, userEvent: "undo" });
  assert.deepEqual(doc.state.field(field), [[4, 6]]);
});

test("ranges are joined where they touch and dropped where nothing is left", () => {
  const ranges = [
    [4, 6],
    [0, 2],
    [2, 3],
    [7, 7],
  ];
  assert.deepEqual(joinRanges(ranges), [
    [0, 3],
    [4, 6],
  ]);
  const changes = ChangeSet.of(
    [
      { from: 1, to: 3 },
      { from: 5, insert: "++" },
    ],
    8,
  );
  assert.deepEqual(mapRanges([[0, 6]], changes), [
    [0, 1],
    [1, 3],
    [5, 6],
  ]);
  assert.deepEqual(insertedRanges(changes), [[3, 5]]);
});

test("people are named once each, and counted from three on", () => {
  const watchers = [WATCHER, { ...WATCHER, id: "second window" }];
  assert.equal(watchingText(namesOf(watchers)), "Dana Reyes is watching");
  assert.equal(watchingText(["Dana", "Sam"]), "Dana and Sam are watching");
  assert.equal(watchingText(["a", "b", "c"]), "3 people are watching");
  assert.equal(watchingText([]), "");
});

test("the candidate's state is said in words", () => {
  const say = (facts) =>
    candidateWords({ state: "active", connected: false, awaySeconds: null, ...facts })[1];
  assert.equal(say({ connected: true }), "connected");
  assert.equal(say({ awaySeconds: 40 }), "away for 40 s");
  assert.equal(say({ awaySeconds: 130 }), "away for 2 min 10 s");
  assert.equal(say({ awaySeconds: 3700 }), "away for 1 h 1 min");
  assert.equal(say({}), "not here yet");
  assert.equal(say({ connected: null }), "looking for the candidate");
  assert.equal(say({ state: "preparing" }), "not started yet");
  assert.equal(say({ state: "completed" }), "over");
});
