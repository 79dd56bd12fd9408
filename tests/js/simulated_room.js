// A room with a server, pages of one browser and a network that breaks, all in one process and at the test's pace.
import { createDocuments } from "../../static/js/lib/documents.js";
import { createPendingStore } from "../../static/js/lib/pendingstore.js";
import { createSocket } from "../../static/js/lib/socket.js";
import { ChangeSet, Text } from "../../static/vendor/codemirror.js";
import { memoryLocks, memoryStorage, memoryTable } from "./memory_browser.js";

const MOST_MISSED = 5;
const digest = async (text) => `hash of ${text}`;

/** The authority: one order, one version after the other, each batch stored or refused whole. */
export function createServer() {
  const files = new Map();
  const windows = new Set();
  let created = 0;
  let writer = null;

  function create(path, text) {
    created += 1;
    const doc = Text.of(text.split("\n"));
    files.set(path, { document: created, path, doc, first: 0, log: [] });
  }

  const versionOf = (file) => file.first + file.log.length;
  const list = () =>
    [...files.values()].map((file) => ({
      document: file.document,
      path: file.path,
      version: versionOf(file),
      hash: `hash of ${file.doc}`,
    }));

  function tellOthers(sender, frame) {
    for (const window of windows) if (window !== sender) window.post(frame);
  }

  function apply(file, updates, sender) {
    const version = versionOf(file);
    let { doc } = file;
    for (const { changes } of updates) doc = ChangeSet.fromJSON(changes).apply(doc);
    file.doc = doc;
    file.log.push(...updates);
    tellOthers(sender, { type: "document.updates", path: file.path, version, updates });
  }

  const refuse = (window, { id }, code) =>
    window.post({ type: "error", id, code, message: code, retryable: false });

  function update(window, frame, file) {
    if (window !== writer) return refuse(window, frame, "read_only");
    if (frame.version !== versionOf(file)) {
      refuse(window, frame, "version_conflict");
      const updates = file.log.slice(frame.version - file.first);
      if (updates.length === 0) return null;
      const told = { type: "document.updates", path: file.path, version: frame.version };
      return window.post({ ...told, updates });
    }
    apply(file, frame.updates, window);
    const [version, hash] = [versionOf(file), `hash of ${file.doc}`];
    const { id, path } = frame;
    return window.post({ type: "document.acknowledged", id, path, version, hash });
  }

  function missed(window, { id, path, version }, file) {
    const updates = file.log.slice(version - file.first, version - file.first + MOST_MISSED);
    window.post({ type: "document.missed", id, path, version, updates, current: versionOf(file) });
  }

  function takeWriting(window) {
    if (writer && writer !== window) writer.post({ type: "presence.taken_over" });
    writer = window;
    return { type: "hello", writer: true, documents: list() };
  }

  function receive(window, frame) {
    if (frame.type === "presence.take") return window.post(takeWriting(window));
    const file = files.get(frame.path);
    if (!file || (frame.document ?? file.document) !== file.document) {
      return refuse(window, frame, "not_found");
    }
    if (frame.type === "document.update") return update(window, frame, file);
    if (frame.type === "document.catch_up") return missed(window, frame, file);
    const { document, path, doc } = file;
    const opened = { type: "document.opened", id: frame.id, document, path, text: `${doc}` };
    return window.post({ ...opened, version: versionOf(file) });
  }

  function tellList(action, path, to) {
    tellOthers(null, { type: "file.changed", action, path, to, documents: list() });
  }

  return {
    files,
    create,
    receive,
    /** Whoever comes reads, unless nobody writes. */
    connect(window) {
      windows.add(window);
      if (writer) window.post({ type: "hello", writer: false, documents: list() });
      else window.post(takeWriting(window));
    },
    disconnect(window) {
      windows.delete(window);
      if (writer === window) writer = null;
    },
    /** What a command or another person does: an update of nobody here. */
    change(path, changes) {
      apply(files.get(path), [{ client: "other", changes: changes.toJSON() }], null);
    },
    rename(path, to) {
      const file = files.get(path);
      files.delete(path);
      files.set(to, Object.assign(file, { path: to }));
      tellList("renamed", path, to);
    },
    putBack(path, text) {
      if (files.has(path)) return;
      create(path, text);
      tellList("created", path);
    },
    /** Another file of the same name and content takes the place of this one. */
    replace(path) {
      const text = `${files.get(path).doc}`;
      files.delete(path);
      tellList("deleted", path);
      create(path, text);
      tellList("created", path);
    },
  };
}

/** Connections whose messages lie in two queues until they are delivered, or are lost with the connection. */
function createNetwork(server) {
  const connections = new Set();

  class Connection extends EventTarget {
    constructor() {
      super();
      this.up = [];
      this.down = [];
      this.isOpen = true;
      this.post = (frame) => this.down.push(JSON.stringify(frame));
      connections.add(this);
      server.connect(this);
    }

    send(text) {
      if (this.isOpen) this.up.push(text);
    }

    close() {
      this.cut();
    }

    cut(code = 1006) {
      if (!this.isOpen) return;
      this.isOpen = false;
      connections.delete(this);
      server.disconnect(this);
      this.dispatchEvent(Object.assign(new Event("close"), { code }));
    }

    deliverUp() {
      server.receive(this, JSON.parse(this.up.shift()));
    }

    deliverDown() {
      this.dispatchEvent(Object.assign(new Event("message"), { data: this.down.shift() }));
    }
  }

  return { Connection, connections };
}

export function createRoom(server, random) {
  const browser = { table: memoryTable(), storage: memoryStorage(), locks: memoryLocks() };
  const { Connection, connections } = createNetwork(server);
  const pages = new Set();
  let opened = 0;

  function open() {
    opened += 1;
    const name = `page${opened}`;
    let connection = null;
    class WebSocket extends Connection {
      constructor() {
        super();
        connection = this;
      }
    }
    const parts = { WebSocket, network: {}, random: () => 0 };
    const socket = createSocket("ws://room/", parts);
    const store = createPendingStore("1", {
      page: name,
      openTable: browser.table.open,
      locks: browser.locks.of(name),
      storage: browser.storage,
    });
    const documents = createDocuments({ socket, store, digest, makeExtensions: () => [] });
    const page = { name, socket, documents, cut: () => connection?.cut(), typed: 0 };
    pages.add(page);
    socket.open();
    return page;
  }

  /** The page goes: with a last moment, or killed. */
  function close(page, { isKilled = false } = {}) {
    if (!isKilled) page.documents.rememberAll();
    pages.delete(page);
    // Nothing of it runs any more.
    page.cut();
    page.socket.close();
    for (const { path } of page.documents.entries) page.documents.get(path)?.close();
    browser.locks.end(page.name);
  }

  async function deliver() {
    const waiting = [...connections].filter(({ up, down }) => up.length + down.length > 0);
    if (waiting.length === 0) return false;
    const connection = random.pick(waiting);
    const isUp = connection.up.length > 0 && (connection.down.length === 0 || random.below(2));
    if (isUp) connection.deliverUp();
    else connection.deliverDown();
    await settled();
    return true;
  }

  return { browser, pages, open, close, deliver };
}

export async function settled() {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}
