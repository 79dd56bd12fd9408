// What pages that are gone could not store: each entry goes on top of its document here, and is then this page's.
import { ERROR } from "./protocol.js";

/** What the server holds since, or null where it knows no such version of this document. */
async function readHistory(doc, entry) {
  if (entry.document !== doc.document) return null;
  const updates = [];
  let current = Infinity;
  for (let version = entry.version; version < current; version = entry.version + updates.length) {
    const missed = await doc.ask({ type: "document.catch_up", version });
    current = missed.current;
    if (missed.updates.length === 0) break;
    updates.push(...missed.updates);
  }
  return entry.version + updates.length === current ? { updates, current } : null;
}

/** Once nothing of its own waits: own work comes after what was left, and never between. False if the document goes. */
async function putOnTop(doc, entry) {
  for (;;) {
    await doc.stored();
    const missed = await readHistory(doc, entry);
    if (doc.isGone) return false;
    if (doc.unsaved() > 0) continue;
    if (!missed || missed.current === doc.version()) {
      await doc.absorb(entry, missed?.updates);
      return true;
    }
    await doc.catchUp();
  }
}

/**
 * lineOf(entry) gives the line of the list an entry belongs to, or null; find(entry) its synced document. An entry
 * without a place is an orphan: tellOrphan(entry) is told, and when its place is back, it goes there. Nothing of another
 * page is taken over unless isWritable().
 */
export function createLeftovers({ store, lineOf, find, tellOrphan, isWritable }) {
  const awaited = new Set();
  const orphans = new Map();
  // Each entry goes on top once, from wherever it is offered.
  const taken = new Map();
  const nameOf = ({ page, document, turn }) => `${page} ${document} ${turn}`;

  function orphan(entry) {
    const isNews = !orphans.has(nameOf(entry));
    orphans.set(nameOf(entry), entry);
    if (isNews) tellOrphan(entry);
  }

  /** True when it is on top, false without a place for it. The document may go meanwhile, and another come. */
  async function takeOne(entry) {
    while (lineOf(entry)) {
      const doc = await find(entry);
      try {
        if (await putOnTop(doc, entry)) return true;
      } catch (error) {
        if (!doc.isGone) throw error;
      }
    }
    return false;
  }

  async function takeOnce(entry) {
    let isTaken = false;
    try {
      isTaken = await takeOne(entry);
    } finally {
      if (!isTaken) taken.delete(nameOf(entry));
    }
    if (!isTaken) orphan(entry);
  }

  function take(entry) {
    const name = nameOf(entry);
    if (!taken.has(name)) taken.set(name, takeOnce(entry));
    return taken.get(name);
  }

  async function takeAll(page) {
    if (!isWritable()) return;
    for (const entry of await store.others(page)) await take(entry);
  }

  /** Looks for what was left and takes it as soon as its page is gone. */
  async function look() {
    if (!isWritable()) return;
    const pages = new Set((await store.others()).map((entry) => entry.page));
    for (const page of pages) {
      if (awaited.has(page)) continue;
      awaited.add(page);
      // What cannot be taken over now stays where it is for the next look.
      store
        .whenGone(page, () => takeAll(page))
        .catch(() => {})
        .finally(() => awaited.delete(page));
    }
  }

  function takeOwn(entry) {
    take(entry).catch(({ code }) => {
      // A broken connection says nothing about its place.
      if (code === ERROR.DISCONNECTED) orphans.set(nameOf(entry), entry);
      else orphan(entry);
    });
  }

  return {
    look,
    orphan,
    /** There is a new list: orphans may have a place again. */
    offer() {
      const placed = [...orphans.values()].filter(lineOf);
      for (const entry of placed) orphans.delete(nameOf(entry));
      const own = placed.filter(({ page }) => page === store.page);
      for (const entry of own) takeOwn(entry);
      // Another page's may have been taken by a third since.
      if (own.length < placed.length) look();
    },
    /** Resolves when everything that is being taken over is here. */
    settled: () => Promise.allSettled([...taken.values()]),
  };
}
