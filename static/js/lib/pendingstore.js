// Keeps what the server has not acknowledged across a reload, a crash and a long time offline.
//
// An entry is {document, path, version, base, updates}: the text the server had at a version and what was done to it
// here. Each page has entries of its own and writes no other's; a page holds a lock as long as it lives, so that
// another may take over what it left, and only then.
import { createEmitter } from "./events.js";
import { within } from "./patience.js";
import { openPendingTable } from "./pendingdb.js";

const STORE_AFTER_MS = 250;
// Some browsers never answer.
const OPEN_WITHIN_MS = 3_000;
const KEPT_MS = 14 * 24 * 3600 * 1000;

function newPageName() {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 16);
}

function browserStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

/** Event: "kept" (whether the browser keeps what is not stored). */
export function createPendingStore(interview, options = {}) {
  const { page = newPageName(), openTable = openPendingTable } = options;
  const { locks = globalThis.navigator?.locks, storage = browserStorage() } = options;
  const emitter = createEmitter();
  const prefix = `interviewlm:pending:${interview}:`;
  const lockName = (name) => `interviewlm:page:${name}`;
  const keyOf = (entry) => [interview, entry.page, entry.document];
  const written = new Set();
  let table = null;
  let isKept = true;
  let turn = 0;

  function openOnce() {
    table ??= within(OPEN_WITHIN_MS, openTable()).catch((error) => {
      table = null;
      throw error;
    });
    return table;
  }

  function stamp(entry) {
    turn += 1;
    written.add(entry.document);
    return { ...entry, interview, page, turn, at: Date.now() };
  }

  function tellKept(value) {
    if (value === isKept) return;
    isKept = value;
    emitter.emit("kept", isKept);
  }

  // The other, smaller store, for the last moment and for where there is no table: it answers at once.

  const storageKey = (entry) => `${prefix}${entry.page}:${entry.document}`;

  function putAside(entry) {
    try {
      storage.setItem(storageKey(entry), JSON.stringify(entry));
      return true;
    } catch {
      return false;
    }
  }

  function dropAside(entry) {
    try {
      storage.removeItem(storageKey(entry));
    } catch {
      // Nothing can be there then.
    }
  }

  function readAside() {
    try {
      const keys = Object.keys(storage).filter((key) => key.startsWith(prefix));
      const entries = keys.map((key) => JSON.parse(storage.getItem(key)));
      return entries.filter((entry) => entry.interview === interview);
    } catch {
      return [];
    }
  }

  async function write(entry, removed = []) {
    try {
      const opened = await openOnce();
      await opened.put(entry, removed.map(keyOf));
      for (const one of entry ? [entry, ...removed] : removed) dropAside(one);
      tellKept(true);
    } catch {
      table = null;
      for (const one of removed) dropAside(one);
      if (entry) tellKept(putAside(entry));
    }
  }

  async function readAll() {
    const aside = readAside();
    try {
      const opened = await openOnce();
      return [...(await opened.list(interview)), ...aside];
    } catch {
      return aside;
    }
  }

  /** What other pages left, the latest of each page and document, oldest first. */
  async function others(of = null) {
    const latest = new Map();
    for (const entry of await readAll()) {
      const isAsked = entry.page !== page && (!of || entry.page === of);
      const key = storageKey(entry);
      if (isAsked && !(latest.get(key)?.turn > entry.turn)) latest.set(key, entry);
    }
    return [...latest.values()].sort((one, other) => one.at - other.at);
  }

  locks?.request(lockName(page), () => new Promise(() => {})).catch(() => {});
  openOnce()
    .then((opened) => opened.forgetBefore(Date.now() - KEPT_MS))
    .catch(() => tellKept(putAside({ page, document: 0 })))
    .finally(() => dropAside({ page, document: 0 }));

  return {
    on: emitter.on,
    page,
    others,
    save: (entry) => write(stamp(entry)),
    /** Keeps an entry, or nothing, in the place of another page's. */
    takeOver: (entry, former) => write(entry && stamp(entry), [former]),
    /** At once, for a page that goes away; the next save or drop puts it away again. */
    saveLast: (entry) => putAside(stamp(entry)),
    drop(document) {
      if (written.delete(document)) return write(null, [{ page, document }]);
      return Promise.resolve();
    },
    /** Does the work when no such page lives; nobody else does it meanwhile. */
    whenGone: (name, work) => (locks ? locks.request(lockName(name), work) : work()),
    get isKept() {
      return isKept;
    },
  };
}

/** One document's place in the store. document() is its number; left() gives its entry, null when all is acknowledged. */
export function keepPending(store, { document, left }) {
  let timer = null;

  function now() {
    clearTimeout(timer);
    timer = null;
    const entry = left();
    if (entry) store.save(entry);
    else store.drop(document());
  }

  return {
    now,
    /** Soon while something waits, at once when nothing does any more. */
    soon(isWaiting) {
      if (isWaiting) timer ??= setTimeout(now, STORE_AFTER_MS);
      else now();
    },
    last() {
      const entry = left();
      if (!entry) return;
      now();
      store.saveLast(entry);
    },
    forget() {
      clearTimeout(timer);
      timer = null;
      store.drop(document());
    },
  };
}
