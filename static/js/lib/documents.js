// The documents of the workspace: which exist, which are open, and whether everything typed is stored.
import { createSyncedDocument } from "./docsync.js";
import { createEmitter } from "./events.js";
import { ERROR } from "./protocol.js";
import { SocketError } from "./socket.js";

const FLUSH_WITHIN_MS = 6_000;

/**
 * Events: "list" (entries), "status" ({state, unsaved, message}), "closed" (path), "renamed" (path, to).
 * States: saved, saving, offline, problem.
 */
export function createDocuments({ socket, store, makeExtensions, clientId = crypto.randomUUID() }) {
  const emitter = createEmitter();
  const opened = new Map();
  const opening = new Map();
  let entries = [];
  let writable = true;
  let status = { state: "saved", unsaved: 0, message: "" };

  const unsaved = () => [...opened.values()].reduce((sum, doc) => sum + doc.unsaved(), 0);

  function computeStatus() {
    const problem = [...opened.values()].find((doc) => doc.problem)?.problem;
    const count = unsaved();
    if (problem) return { state: "problem", unsaved: count, message: problem.message };
    if (count === 0) return { state: "saved", unsaved: 0, message: "" };
    const state = socket.state === "online" ? "saving" : "offline";
    return { state, unsaved: count, message: "" };
  }

  function refresh() {
    const next = computeStatus();
    const same = next.state === status.state && next.unsaved === status.unsaved;
    status = next;
    if (!same || next.message) emitter.emit("status", status);
  }

  function setEntries(list) {
    entries = [...list].sort((a, b) => a.path.localeCompare(b.path));
    emitter.emit("list", entries);
  }

  async function load(path) {
    const frame = await socket.request({ type: "document.open", path });
    const options = { path, socket, store, clientId, makeExtensions, onChange: refresh };
    const doc = createSyncedDocument(options);
    doc.start(frame, store.load(path));
    doc.setWritable(writable);
    opened.set(path, doc);
    refresh();
    doc.push();
    return doc;
  }

  function open(path) {
    if (opened.has(path)) return Promise.resolve(opened.get(path));
    if (!opening.has(path)) {
      opening.set(
        path,
        load(path).finally(() => opening.delete(path)),
      );
    }
    return opening.get(path);
  }

  function drop(path) {
    opened.get(path)?.forget();
    opened.delete(path);
    emitter.emit("closed", path);
    refresh();
  }

  function move(path, to) {
    const doc = opened.get(path);
    if (!doc) return;
    opened.delete(path);
    opened.set(to, doc);
    doc.renamed(to);
    emitter.emit("renamed", path, to);
  }

  function reconcile(list) {
    setEntries(list);
    for (const [path, doc] of opened) {
      const entry = list.find((candidate) => candidate.path === path);
      if (!entry) drop(path);
      else if (entry.version !== doc.version()) doc.resync().catch(() => {});
      else doc.push();
    }
    const known = new Set(list.map((entry) => entry.path));
    for (const path of store.paths()) if (known.has(path)) open(path).catch(() => {});
    refresh();
  }

  function setWritable(value) {
    writable = value;
    for (const doc of opened.values()) doc.setWritable(value);
  }

  socket.on("presence.taken_over", () => setWritable(false));
  socket.on("interview.ended", () => setWritable(false));
  socket.on("hello", (frame) => {
    setWritable(frame.writer !== false);
    reconcile(frame.documents);
  });
  socket.on("document.updates", (frame) => opened.get(frame.path)?.receive(frame));
  socket.on("file.changed", (frame) => {
    if (frame.action === "deleted") drop(frame.path);
    if (frame.action === "renamed") move(frame.path, frame.to);
    setEntries(frame.documents);
  });
  socket.on("state", refresh);

  /** True once nothing waits; false when it takes too long or cannot be (offline, refused). */
  function flush(within = FLUSH_WITHIN_MS) {
    for (const doc of opened.values()) doc.push();
    if (unsaved() === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (result) => {
        clearTimeout(timer);
        stop();
        resolve(result);
      };
      const timer = setTimeout(() => finish(false), within);
      const stop = emitter.on("status", ({ unsaved: count, state }) => {
        if (count === 0) finish(true);
        else if (state === "problem") finish(false);
      });
    });
  }

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
      await opened.get(request.path)?.resync();
      return applyOnce(request);
    }
  }

  return {
    on: emitter.on,
    open,
    flush,
    apply,
    get: (path) => opened.get(path) ?? null,
    create: (path, text = "") => socket.request({ type: "file.create", path, text }),
    remove: (path) => socket.request({ type: "file.delete", path }),
    async rename(path, to) {
      await flush();
      return socket.request({ type: "file.rename", path, to });
    },
    rememberAll() {
      for (const doc of opened.values()) doc.remember();
    },
    get entries() {
      return entries;
    },
    get status() {
      return status;
    },
  };
}
