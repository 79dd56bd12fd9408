// The documents of the workspace: which exist, which are open, and whether everything typed is stored.
import { createDocumentStatus } from "./docstatus.js";
import { createSyncedDocument } from "./docsync.js";
import { createEmitter } from "./events.js";
import { readFileChange } from "./filechange.js";
import { createLeftovers } from "./leftovers.js";
import { isAt } from "./paths.js";
import { ERROR } from "./protocol.js";
import { SocketError } from "./socket.js";
import { textAfter } from "./updates.js";

const FLUSH_WITHIN_MS = 6_000;

/**
 * Events: "list" (entries), "status" ({state, unsaved, message, isKept}), "closed" (path), "renamed" (path, to),
 * "orphaned" ({path, text}: a file that is gone while something in it was not stored), "taken" ({path, version,
 * updates}: what the server ordered from a version on was taken over, ours and the others').
 * States: saved, saving, offline, held (another window writes), problem. isKept says whether what is not stored would
 * survive the page.
 */
export function createDocuments({ socket, store, makeExtensions, digest, undo = null }) {
  const emitter = createEmitter();
  const opening = new Map();
  const removing = new Set();
  let opened = new Map();
  let entries = [];
  let writable = true;
  let locked = false;
  let edits = 0;

  const isWritable = () => writable && !locked;
  const leftovers = createLeftovers({ store, lineOf, find, tellOrphan, isWritable });
  const onTaken = (taken) => emitter.emit("taken", taken);
  const all = () => [...opened.values()];
  const status = createDocumentStatus({ emitter, all, store, socket, isWritable });
  const { refresh } = status;

  function nextName() {
    edits += 1;
    return `${store.page}.${edits.toString(36)}`;
  }

  function setEntries(list) {
    entries = [...list].sort((a, b) => a.path.localeCompare(b.path));
    emitter.emit("list", entries);
    leftovers.offer();
  }

  async function load(path) {
    const frame = await socket.request({ type: "document.open", path });
    const parts = { path, socket, store, nextName, makeExtensions, digest, undo };
    const doc = createSyncedDocument({ ...parts, onChange: refresh, onTaken });
    doc.start(frame);
    doc.setWritable(isWritable());
    opened.set(path, doc);
    refresh();
    return doc;
  }

  function open(path) {
    if (opened.has(path)) return Promise.resolve(opened.get(path));
    if (!opening.has(path)) {
      const forget = () => opening.delete(path);
      opening.set(path, load(path).finally(forget));
    }
    return opening.get(path);
  }

  function lineOf({ document, path }) {
    const same = (listed) => document !== undefined && listed.document === document;
    return entries.find(same) ?? entries.find((listed) => listed.path === path) ?? null;
  }

  function find(entry) {
    return open(lineOf(entry).path);
  }

  function tellOrphan({ path, base, updates }) {
    emitter.emit("orphaned", { path, text: textAfter(base, updates) });
  }

  function gone(path) {
    const doc = opened.get(path);
    const isOwnWish = [...removing].some((each) => isAt(path, each));
    const left = isOwnWish ? null : (doc?.left() ?? null);
    doc?.forget({ keep: left !== null });
    opened.delete(path);
    emitter.emit("closed", path);
    if (left) leftovers.orphan({ ...left, page: store.page });
    for (const other of all()) if (other.problem) other.retry();
    refresh();
  }

  /** moves: [path, to] of files that have other names now. */
  function move(moves) {
    const names = new Map(moves);
    opened = new Map([...opened].map(([path, doc]) => [names.get(path) ?? path, doc]));
    for (const [path, doc] of opened) {
      doc.path = path;
      if (doc.problem?.code === ERROR.NOT_FOUND) doc.retry();
    }
    for (const [path, to] of moves) emitter.emit("renamed", path, to);
  }

  function reconcile(list) {
    entries = list;
    for (const path of [...opened.keys()]) if (!lineOf(opened.get(path))) gone(path);
    const lines = [...opened].map(([path, doc]) => [path, doc, lineOf(doc)]);
    move(
      lines.filter(([path, , line]) => line.path !== path).map(([path, , to]) => [path, to.path]),
    );
    for (const [, doc, line] of lines) doc.resume(line);
    setEntries(list);
    leftovers.look();
    refresh();
  }

  function setWritable(value) {
    writable = value;
    for (const doc of all()) doc.setWritable(isWritable());
    refresh();
  }

  store.on("kept", refresh);
  socket.on("presence.taken_over", () => setWritable(false));
  socket.on("interview.ended", () => setWritable(false));
  socket.on("hello", (frame) => {
    setWritable(frame.writer !== false);
    reconcile(frame.documents);
  });
  socket.on("document.updates", (frame) => opened.get(frame.path)?.receive(frame));
  socket.on("file.changed", (frame) => {
    const { removed, moves, list } = readFileChange(frame, entries);
    for (const path of removed) gone(path);
    move(moves);
    setEntries(list);
    for (const doc of all()) {
      const line = lineOf(doc);
      if (line) doc.notice(line);
    }
  });
  socket.on("state", refresh);

  /** True once nothing waits; false when it takes too long or cannot be (offline, refused). */
  const flush = (within = FLUSH_WITHIN_MS) => status.stored(within, leftovers.settled());

  async function applyOnce(request) {
    const doc = await open(request.path);
    if (!(await flush())) throw new SocketError({ code: ERROR.TIMEOUT, retryable: true });
    const frame = { type: "document.apply", ...request, version: doc.version() };
    return socket.request(frame, { resend: false });
  }

  /** Puts a block of an answer into a file; a version that moved meanwhile is tried once more. */
  async function apply(request) {
    try {
      return await applyOnce(request);
    } catch (error) {
      if (error.code !== ERROR.VERSION_CONFLICT) throw error;
      await opened.get(request.path)?.catchUp();
      return applyOnce(request);
    }
  }

  function remove(path) {
    removing.add(path);
    return socket.request({ type: "file.delete", path }).finally(() => removing.delete(path));
  }

  return {
    on: emitter.on,
    open,
    flush,
    apply,
    remove,
    get: (path) => opened.get(path) ?? null,
    create: (path, text = "") => socket.request({ type: "file.create", path, text }),
    /** While it is locked nobody writes here, whatever the server lets this window do. */
    lock(value) {
      locked = value;
      setWritable(writable);
      if (!locked) for (const doc of all()) doc.push();
    },
    /** What is not stored, as entries of the store. */
    left: () => all().flatMap((doc) => (doc.left() ? [{ ...doc.left(), page: store.page }] : [])),
    rememberAll() {
      for (const doc of all()) doc.remember();
    },
    get isWritable() {
      return writable;
    },
    get entries() {
      return entries;
    },
    get status() {
      return status.now;
    },
  };
}
