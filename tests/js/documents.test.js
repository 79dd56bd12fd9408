import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createDocuments } from "../../static/js/lib/documents.js";
import { createPendingStore } from "../../static/js/lib/pendingstore.js";
import { createSocket } from "../../static/js/lib/socket.js";
import { ChangeSet } from "../../static/vendor/codemirror.js";
import { fakeSockets } from "./fake_socket.js";
import { memoryStorage } from "./memory_storage.js";

const PATH = "word-ladder/solution.py";
let sockets;
let storage;
let pages;

function page(clientId = "me") {
  const socket = createSocket("ws://room/", { WebSocket: sockets.WebSocket, network: {} });
  const store = createPendingStore("1", storage);
  const documents = createDocuments({ socket, store, clientId, makeExtensions: () => [] });
  socket.open();
  pages.push(socket);
  return { socket, documents };
}

function hello(version = 3) {
  sockets.last.receive({ type: "hello", writer: true, documents: [{ path: PATH, version }] });
}

async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function sent(type) {
  return sockets.last.sent.filter((frame) => frame.type === type);
}

async function openWith(documents, { version = 3, text = "abc" } = {}) {
  const opening = documents.open(PATH);
  await settled();
  const { id } = sent("document.open").at(-1);
  sockets.last.receive({ type: "document.opened", id, path: PATH, version, text });
  return opening;
}

function type(doc, insert, from = doc.state.doc.length) {
  const state = doc.state.update({ changes: { from, insert } }).state;
  doc.edited(state);
}

function change(length, from, insert) {
  return ChangeSet.of({ from, insert }, length).toJSON();
}

async function acknowledge(version) {
  const { id } = sent("document.update").at(-1);
  sockets.last.receive({ type: "document.acknowledged", id, path: PATH, version });
  await settled();
}

beforeEach(() => {
  sockets = fakeSockets();
  storage = memoryStorage();
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
    [frame.version, frame.updates],
    [3, [{ client: "me", changes: change(3, 3, "d") }]],
  );
  await acknowledge(4);
  assert.deepEqual([documents.status.state, doc.version()], ["saved", 4]);
});

test("only one update is in flight and the rest follows together", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  type(doc, "e");
  type(doc, "f");
  assert.equal(sent("document.update").length, 1);
  await acknowledge(4);
  assert.deepEqual(sent("document.update")[1].updates.length, 2);
  await acknowledge(6);
  assert.equal(documents.status.state, "saved");
});

test("a conflict is rebased onto what others wrote and sent again", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  const { id } = sent("document.update")[0];
  sockets.last.receive({ type: "error", id, code: "version_conflict", message: "" });
  await settled();
  const updates = [{ client: "assistant", changes: change(3, 0, "> ") }];
  sockets.last.receive({ type: "document.updates", path: PATH, version: 3, updates });
  await settled();
  assert.equal(doc.state.doc.toString(), "> abcd");
  assert.deepEqual(sent("document.update")[1].version, 4);
  assert.deepEqual(sent("document.update")[1].updates[0].changes, change(5, 5, "d"));
  await acknowledge(5);
  assert.equal(documents.status.state, "saved");
});

test("a lost acknowledgement costs nothing: the own update coming back confirms it", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  sockets.last.end(1006);
  await settled();
  assert.equal(documents.status.state, "offline");
  const updates = sent("document.update")[0].updates;
  sockets.made[0].sent.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 520));
  hello(4);
  await settled();
  const opened = sent("document.open").at(-1);
  const server = { type: "document.opened", id: opened.id, path: PATH, version: 4, text: "abcd" };
  sockets.last.receive(server);
  await settled();
  const again = sent("document.update").at(-1);
  sockets.last.receive({ type: "error", id: again.id, code: "version_conflict", message: "" });
  await settled();
  sockets.last.receive({ type: "document.updates", path: PATH, version: 3, updates });
  await settled();
  assert.deepEqual(
    [doc.state.doc.toString(), doc.version(), documents.status.state],
    ["abcd", 4, "saved"],
  );
});

test("what was not acknowledged survives a reload and is sent again", async () => {
  const first = page();
  hello();
  const before = await openWith(first.documents);
  type(before, "d");
  first.documents.rememberAll();

  const second = page("other");
  hello();
  await settled();
  const { id } = sent("document.open")[0];
  sockets.last.receive({ type: "document.opened", id, path: PATH, version: 3, text: "abc" });
  await settled();
  const doc = second.documents.get(PATH);
  assert.equal(doc.state.doc.toString(), "abcd");
  assert.deepEqual(sent("document.update")[0].updates, [
    { client: "me", changes: change(3, 3, "d") },
  ]);
  await acknowledge(4);
  assert.deepEqual([second.documents.status.state, storage.length], ["saved", 0]);
});

test("what is left over from another history is kept on top of the server's text", async () => {
  const store = createPendingStore("1", storage);
  const updates = [{ client: "me", changes: change(3, 3, "d") }];
  store.save(PATH, { version: 9, base: "abc", client: "me", updates });
  const { documents } = page();
  hello(2);
  const doc = await openWith(documents, { version: 2, text: "ab" });
  assert.equal(doc.state.doc.toString(), "abcd");
  assert.equal(sent("document.update")[0].version, 2);
});

test("another window's changes missed while away are caught up with", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  hello(5);
  await settled();
  const { id } = sent("document.open").at(-1);
  const frame = { type: "document.opened", id, path: PATH, version: 5, text: "abXc" };
  sockets.last.receive(frame);
  await settled();
  assert.deepEqual([doc.state.doc.toString(), doc.version()], ["abXc", 5]);
});

test("updates known already are skipped", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  const updates = [{ client: "assistant", changes: change(3, 3, "!") }];
  const frame = { type: "document.updates", path: PATH, version: 3, updates };
  sockets.last.receive(frame);
  sockets.last.receive(frame);
  await settled();
  assert.deepEqual([doc.state.doc.toString(), doc.version()], ["abc!", 4]);
});

test("a refused change is a problem in the server's words and is tried again after the next edit", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  const { id } = sent("document.update")[0];
  const message = "This file would be larger than 1 MB.";
  sockets.last.receive({ type: "error", id, code: "file_too_large", message, retryable: false });
  await settled();
  assert.deepEqual(documents.status, { state: "problem", unsaved: 1, message });
  type(doc, "", 0);
  assert.equal(sent("document.update").length, 2);
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
  assert.equal(await documents.flush(10), false);
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

test("a large amount of waiting work is sent in messages below the limit", async () => {
  const { documents } = page();
  hello();
  const doc = await openWith(documents);
  type(doc, "d");
  for (let piece = 0; piece < 3; piece += 1) type(doc, "x".repeat(60_000));
  await acknowledge(4);
  assert.equal(sent("document.update")[1].updates.length, 1);
});
