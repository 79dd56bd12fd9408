import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createDocuments } from "../../static/js/lib/documents.js";
import { createPendingStore } from "../../static/js/lib/pendingstore.js";
import { createSocket } from "../../static/js/lib/socket.js";
import { ChangeSet, Text } from "../../static/vendor/codemirror.js";
import { fakeSockets } from "./fake_socket.js";
import { memoryLocks, memoryStorage, memoryTable } from "./memory_browser.js";

const PATH = "word-ladder/solution.py";
let sockets;
let storage;
let table;
let locks;
let pages;

const hashOf = async (text) => `hash of ${text}`;

function page(name = "me") {
  const socket = createSocket("ws://room/", { WebSocket: sockets.WebSocket, network: {} });
  const parts = { page: name, openTable: table.open, locks: locks.of(name), storage };
  const store = createPendingStore("1", parts);
  const makeExtensions = () => [];
  const documents = createDocuments({ socket, store, digest: hashOf, makeExtensions });
  socket.open();
  pages.push(socket);
  return { socket, store, documents, near: sockets.last };
}

function listed(entry = {}) {
  return { document: 7, path: PATH, version: 3, hash: "hash of abc", ...entry };
}

function hello(entry = {}, rest = {}) {
  sockets.last.receive({ type: "hello", writer: true, documents: [listed(entry)], ...rest });
}

async function settled() {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}

async function pass(milliseconds) {
  await settled();
  mock.timers.tick(milliseconds);
  await settled();
}

function sent(type, near = sockets.last) {
  return near.sent.filter((frame) => frame.type === type);
}

function answer(type, frame, near = sockets.last) {
  const { id } = sent(type, near).at(-1);
  near.receive({ path: PATH, ...frame, id });
  return settled();
}

async function openWith(documents, frame = {}) {
  const opening = documents.open(PATH);
  await settled();
  const opened = { type: "document.opened", document: 7, version: 3, text: "abc" };
  await answer("document.open", { ...opened, ...frame });
  return opening;
}

function type(doc, insert, from = doc.state.doc.length, to = from) {
  const state = doc.state.update({ changes: { from, to, insert } }).state;
  doc.edited(state);
}

function change(length, from, insert) {
  return ChangeSet.of({ from, insert }, length).toJSON();
}

async function acknowledge(version, text = "") {
  const frame = { type: "document.acknowledged", version, hash: `hash of ${text}` };
  await answer("document.update", frame);
}

const refuse = (error) =>
  answer("document.update", { type: "error", message: "", retryable: false, ...error });

const missed = (updates, { version = 3, current = version + updates.length } = {}) =>
  answer("document.catch_up", { type: "document.missed", version, updates, current });

const tell = (version, updates) => {
  sockets.last.receive({ type: "document.updates", path: PATH, version, updates });
  return settled();
};

const shown = (doc) => [doc.state.doc.toString(), doc.version(), doc.unsaved()];
const namesOf = (frame) => frame.updates.map(({ client }) => client);

async function gone(name) {
  locks.end(name);
  await settled();
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  sockets = fakeSockets();
  storage = memoryStorage();
  table = memoryTable();
  locks = memoryLocks();
  pages = [];
});

afterEach(() => {
  for (const socket of pages) socket.close();
});

test("typing is sent with the version it was made on and saved once acknowledged", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  assert.equal(documents.status.state, "saving");
  const [frame] = sent("document.update");
  assert.deepEqual(
    [frame.document, frame.version, frame.updates],
    [7, 3, [{ client: "me.1", changes: change(3, 3, "d") }]],
  );
  await acknowledge(4);
  assert.equal(documents.status.state, "saved");
  assert.deepEqual(shown(doc), ["abcd", 4, 0]);
});

test("only one message is in flight and the rest follows together, a moment later", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  for (const letter of "def") type(doc, letter);
  assert.equal(sent("document.update").length, 1);
  await acknowledge(4);
  assert.equal(sent("document.update").length, 1);
  await pass(30);
  assert.deepEqual(namesOf(sent("document.update")[1]), ["me.2", "me.3"]);
  await acknowledge(6);
  assert.equal(documents.status.state, "saved");
});

test("a conflict is rebased onto what others wrote and sent again", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await refuse({ code: "version_conflict" });
  await tell(3, [{ client: "assistant", changes: change(3, 0, "> ") }]);
  await pass(30);
  assert.equal(doc.state.doc.toString(), "> abcd");
  assert.equal(sent("document.update")[1].version, 4);
  assert.deepEqual(sent("document.update")[1].updates[0].changes, change(5, 5, "d"));
  await acknowledge(5);
  assert.equal(documents.status.state, "saved");
});

test("a conflict that nothing follows is asked about", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await refuse({ code: "version_conflict" });
  await pass(4_000);
  await missed([{ client: "other.1", changes: change(3, 0, "> ") }]);
  assert.deepEqual(shown(doc), ["> abcd", 4, 1]);
  assert.equal(sent("document.update").at(-1).version, 4);
});

test("a question that stays without an answer after a conflict is asked again", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await refuse({ code: "version_conflict" });
  await pass(4_000);
  assert.equal(sent("document.catch_up").length, 1);
  await pass(20_000);
  await pass(2_000);
  assert.equal(sent("document.update").length, 2);
  await refuse({ code: "version_conflict" });
  await tell(3, [{ client: "other.1", changes: change(3, 0, "> ") }]);
  assert.deepEqual(shown(doc), ["> abcd", 4, 1]);
});

test("a lost acknowledgement costs nothing: the own update coming back confirms it", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  type(doc, "e");
  const { updates } = sent("document.update")[0];
  sockets.last.end(1006);
  await settled();
  assert.equal(documents.status.state, "offline");
  await pass(520);
  hello({ version: 5 });
  await settled();
  await missed([...updates, { client: "other.1", changes: change(4, 0, "!") }]);
  assert.deepEqual(shown(doc), ["!abcde", 5, 1]);
  assert.deepEqual(namesOf(sent("document.update").at(-1)), ["me.2"]);
});

test("an answer that never comes is given up and asked for again", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await pass(20_000);
  await pass(2_000);
  assert.equal(sent("document.update").length, 2);
  await refuse({ code: "version_conflict" });
  await tell(3, sent("document.update")[0].updates);
  assert.deepEqual(shown(doc), ["abcd", 4, 0]);
});

test("others' changes missed while away are caught up with, also in several parts", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  hello({ version: 5 });
  await settled();
  await missed([{ client: "a", changes: change(3, 2, "X") }], { current: 5 });
  await missed([{ client: "a", changes: change(4, 4, "Y") }], { version: 4, current: 5 });
  assert.deepEqual(shown(doc), ["abXcY", 5, 0]);
});

test("updates known already are skipped, a gap is asked about", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const updates = [{ client: "assistant", changes: change(3, 3, "!") }];
  await tell(3, updates);
  await tell(3, updates);
  assert.deepEqual(shown(doc), ["abc!", 4, 0]);
  await tell(5, [{ client: "assistant", changes: change(5, 5, "?") }]);
  const both = [change(4, 4, "."), change(5, 5, "?")];
  const later = both.map((changes) => ({ client: "assistant", changes }));
  await missed(later, { version: 4 });
  assert.deepEqual(shown(doc), ["abc!.?", 6, 0]);
});

test("an update that was lost on the way is noticed in the next list", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const entries = [listed({ version: 4 })];
  const frame = { type: "file.changed", action: "created", path: "", documents: entries };
  sockets.last.receive(frame);
  await pass(1_000);
  await missed([{ client: "a", changes: change(3, 3, "!") }]);
  assert.deepEqual(shown(doc), ["abc!", 4, 0]);
});

test("a text that is not the server's is replaced by it, with what waits on top", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await acknowledge(4, "abcd, as the server has it");
  await pass(1_000);
  await answer("document.open", {
    type: "document.opened",
    document: 7,
    version: 4,
    text: "xabcd",
  });
  assert.deepEqual(shown(doc), ["xabcd", 4, 0]);
});

test("a server that went back to an older version keeps what waits on top of its text", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents, { version: 9, text: "one\ntwo\nthree\n" });
  sockets.last.end(1006);
  type(doc, "!", 3);
  type(doc, "?", 8);
  await pass(520);
  hello({ version: 2 });
  await settled();
  await missed([], { version: 9, current: 2 });
  const text = "zero\none\nthree\n";
  await answer("document.open", { type: "document.opened", document: 7, version: 2, text });
  assert.deepEqual(shown(doc), ["zero\none!\n?three\n", 2, 2]);
  const frame = sent("document.update").at(-1);
  assert.deepEqual([frame.version, namesOf(frame)], [2, ["me.1", "me.2"]]);
});

test("another file of the same name gets what was written in the one before", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  sockets.last.end(1006);
  type(doc, "d", 1);
  await pass(520);
  hello({ document: 8, version: 0 });
  await settled();
  const opened = { type: "document.opened", document: 8, version: 0, text: "abc\nnew" };
  await answer("document.open", opened);
  assert.deepEqual(shown(doc), ["adbc\nnew", 0, 1]);
  assert.equal(sent("document.update").at(-1).document, 8);
  await pass(250);
  assert.deepEqual(
    [...table.rows.values()].map(({ document, base }) => [document, base]),
    [[8, "abc\nnew"]],
  );
});

test("files that changed names while away keep what is written in them", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const renamed = [];
  documents.on("renamed", (...names) => renamed.push(names));
  const entries = [
    listed({ path: "word-ladder/new.py" }),
    listed({ document: 8, version: 0, path: PATH }),
  ];
  sockets.last.receive({ type: "hello", writer: true, documents: entries });
  type(doc, "d");
  assert.equal(documents.get("word-ladder/new.py"), doc);
  assert.deepEqual(renamed, [[PATH, "word-ladder/new.py"]]);
  const { path, document } = sent("document.update").at(-1);
  assert.deepEqual([path, document], ["word-ladder/new.py", 7]);
});

test("a file deleted elsewhere under unsaved work is told of, and takes it when it is back", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  const orphans = [];
  documents.on("orphaned", (orphan) => orphans.push(orphan));
  const deleted = { type: "file.changed", action: "deleted", path: PATH, documents: [] };
  sockets.last.receive(deleted);
  await settled();
  assert.deepEqual(orphans, [{ path: PATH, text: "abcd" }]);
  assert.equal(table.rows.size, 1);

  const entries = [listed({ document: 9, version: 0 })];
  sockets.last.receive({ type: "file.changed", action: "created", path: PATH, documents: entries });
  await settled();
  const opened = { type: "document.opened", document: 9, version: 0, text: "abcd" };
  await answer("document.open", opened);
  assert.deepEqual(shown(documents.get(PATH)), ["abcd", 0, 0]);
  assert.equal(table.rows.size, 0);
});

test("a file one deletes oneself leaves nothing behind", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await pass(250);
  documents.on("orphaned", assert.fail);
  documents.remove(PATH);
  await answer("file.delete", { type: "file.changed", action: "deleted", documents: [] });
  assert.equal(table.rows.size, 0);
});

test("a refused change is a problem in the server's words and is tried again after the next edit", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  const message = "This file would be larger than 1 MB.";
  await refuse({ code: "file_too_large", message });
  const problem = { state: "problem", unsaved: 1, message, isKept: true };
  assert.deepEqual(documents.status, problem);
  type(doc, "", 0, 1);
  await pass(30);
  assert.equal(sent("document.update").length, 2);
});

test("a refused change is tried again when a file goes and before a run", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  await refuse({ code: "workspace_full" });
  const documentsLeft = [listed()];
  const deleted = { type: "file.changed", action: "deleted", path: "word-ladder/big" };
  sockets.last.receive({ ...deleted, documents: documentsLeft });
  await pass(30);
  assert.equal(sent("document.update").length, 2);
  await refuse({ code: "workspace_full" });
  const flushed = documents.flush();
  await pass(30);
  assert.equal(sent("document.update").length, 3);
  await acknowledge(4);
  assert.equal(await flushed, true);
});

test("flush tells when everything is stored", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  const flushed = documents.flush();
  await acknowledge(4);
  assert.equal(await flushed, true);
});

test("flush gives up when the connection does not come back", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  sockets.last.end(4410);
  type(doc, "d");
  const flushed = documents.flush(10);
  await pass(10);
  assert.equal(await flushed, false);
});

test("an apply waits for what was typed and goes on its version", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  documents.apply({ path: PATH, mode: "append", text: "x", turn: "t", block: 0 }).catch(() => {});
  await settled();
  assert.equal(sent("document.apply").length, 0);
  await acknowledge(4);
  assert.equal(sent("document.apply")[0].version, 4);
});

/** The server of one file: takes what is made for its version, once. */
function authority(version, text) {
  let doc = Text.of(text.split("\n"));
  const log = [];
  return {
    log,
    text: () => doc.toString(),
    version: () => version + log.length,
    take(updates) {
      for (const update of updates) doc = ChangeSet.fromJSON(update.changes).apply(doc);
      log.push(...updates);
    },
    /** Another's change; gives the frame that tells of it. */
    change(from, insert) {
      const at = version + log.length;
      this.take([{ client: "other", changes: change(doc.length, from, insert) }]);
      return [at, log.slice(-1)];
    },
  };
}

const isSame = (doc, server) => doc.state.doc.toString() === server.text();

test("a large update travels in pieces, and others may write between them", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const server = authority(3, "abc");
  type(doc, "x".repeat(150_000), 1);
  type(doc, "!");
  const versions = [];
  for (let step = 0; doc.unsaved() > 0; step += 1) {
    const frame = sent("document.update").at(-1);
    if (step % 2 === 0) {
      const told = server.change(0, "> ");
      await refuse({ code: "version_conflict" });
      await tell(...told);
    } else {
      assert.equal(frame.version, server.version());
      assert.ok(JSON.stringify(frame.updates).length < 90_000);
      server.take(frame.updates);
      versions.push(frame.version);
      await acknowledge(server.version());
    }
    await pass(30);
  }
  assert.ok(versions.length >= 3);
  assert.equal(doc.version(), server.version());
  assert.ok(isSame(doc, server));
  const names = server.log.map(({ client }) => client).filter((name) => name !== "other");
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.at(-1), "me.2");
});

test("undoing a large paste half on its way takes it back whole", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const server = authority(3, "abc");
  type(doc, "x".repeat(150_000), 1);
  const first = sent("document.update")[0];
  type(doc, "", 1, 150_001);
  server.take(first.updates);
  await acknowledge(server.version());
  while (doc.unsaved() > 0) {
    await pass(30);
    server.take(sent("document.update").at(-1).updates);
    await acknowledge(server.version());
  }
  assert.deepEqual([doc.state.doc.toString(), server.text()], ["abc", "abc"]);
});

test("what was not acknowledged survives a reload under its names and is sent again", async () => {
  const before = await openWith(reopened("one").documents);
  type(before, "d");
  type(before, "e");
  await pass(250);

  const second = reopened("two");
  await gone("one");
  await answer("document.open", { type: "document.opened", document: 7, version: 3, text: "abc" });
  await missed([]);
  const doc = second.documents.get(PATH);
  assert.deepEqual(shown(doc), ["abcde", 3, 2]);
  assert.deepEqual(namesOf(sent("document.update")[0]), ["one.1", "one.2"]);
  assert.deepEqual(
    [...table.rows.values()].map((row) => row.page),
    ["two"],
  );
  await acknowledge(5);
  assert.deepEqual([second.documents.status.state, table.rows.size], ["saved", 0]);
});

function reopened(name, entry = {}) {
  const opened = page(name);
  hello(entry);
  return opened;
}

test("what was stored and not acknowledged before a reload is not sent again", async () => {
  const before = await openWith(reopened("one").documents);
  type(before, "d");
  const { updates } = sent("document.update")[0];
  type(before, "e");
  await pass(250);

  const second = reopened("two", { version: 5 });
  await gone("one");
  const text = "abcd!";
  await answer("document.open", { type: "document.opened", document: 7, version: 5, text });
  await missed([...updates, { client: "other.1", changes: change(4, 4, "!") }]);
  const doc = second.documents.get(PATH);
  assert.deepEqual(shown(doc), ["abcd!e", 5, 1]);
  assert.deepEqual(namesOf(sent("document.update")[0]), ["one.2"]);
});

test("pages that live keep what is theirs; what they leave is taken when they go", async () => {
  const first = reopened("one");
  const before = await openWith(first.documents);
  sockets.last.end(4403);
  type(before, "d");
  await pass(250);

  const second = reopened("two");
  const doc = await openWith(second.documents);
  type(doc, "2", 0);
  await pass(250);
  assert.equal(table.rows.size, 2);
  assert.equal(doc.state.doc.toString(), "2abc");
  await gone("one");
  await acknowledge(4);
  await missed([{ client: "two.1", changes: change(3, 0, "2") }]);
  assert.deepEqual(shown(doc), ["2abcd", 4, 1]);
});

test("own work that is not stored yet comes before what another page left", async () => {
  const first = reopened("one");
  const before = await openWith(first.documents);
  sockets.last.end(4403);
  type(before, "d");
  await pass(250);

  const second = reopened("two");
  const doc = await openWith(second.documents);
  await gone("one");
  type(doc, "2", 0);
  await missed([]);
  assert.deepEqual(shown(doc), ["2abc", 3, 1]);
  await acknowledge(4);
  await missed([{ client: "two.1", changes: change(3, 0, "2") }]);
  assert.deepEqual(shown(doc), ["2abcd", 4, 1]);
});

test("a window that may only read keeps what it holds and takes nothing over", async () => {
  const first = reopened("one");
  const before = await openWith(first.documents);
  sockets.last.end(4403);
  type(before, "d");
  await pass(250);

  const second = page("two");
  hello({}, { writer: false });
  await gone("one");
  assert.equal(table.rows.size, 1);
  const doc = await openWith(second.documents);
  type(doc, "2", 0);
  assert.deepEqual([second.documents.status.state, sent("document.update").length], ["held", 0]);
  hello();
  await settled();
  assert.deepEqual(namesOf(sent("document.update")[0]), ["two.1"]);
  await acknowledge(4);
  await missed([{ client: "two.1", changes: change(3, 0, "2") }]);
  assert.deepEqual(shown(doc), ["2abcd", 4, 1]);
});

test("what was left of a file that is another now goes on top of it", async () => {
  const updates = [{ client: "one.1", changes: change(8, 3, "!") }];
  const entry = { document: 5, path: PATH, version: 9, base: "one\ntwo\n", updates };
  await table.put({ ...entry, interview: "1", page: "one", turn: 1, at: Date.now() });
  const { documents } = reopened("two");
  await settled();
  const text = "zero\none\ntwo\n";
  await answer("document.open", { type: "document.opened", document: 7, version: 3, text });
  assert.deepEqual(shown(documents.get(PATH)), ["zero\none!\ntwo\n", 3, 1]);
  assert.deepEqual(
    [...table.rows.values()].map(({ page: name, document }) => [name, document]),
    [["two", 7]],
  );
});

test("pieces of a large update that were stored before a reload are not sent again", async () => {
  const first = reopened("one");
  const before = await openWith(first.documents);
  type(before, "x".repeat(100_000), 1);
  const stored = sent("document.update")[0].updates;
  await pass(250);

  const second = reopened("two", { version: 3 + stored.length });
  await gone("one");
  const base = Text.of(["abc"]);
  const server = stored.reduce((text, one) => ChangeSet.fromJSON(one.changes).apply(text), base);
  await answer("document.open", {
    type: "document.opened",
    document: 7,
    version: 3 + stored.length,
    text: server.toString(),
  });
  await missed(stored);
  const doc = second.documents.get(PATH);
  assert.ok(doc.state.doc.toString() === `a${"x".repeat(100_000)}bc`);
  assert.ok(doc.unsaved() > 0);
  const names = namesOf(sent("document.update")[0]);
  assert.deepEqual(names[0], `one.1/${stored.length}`);
});
