// The table of what waits to be stored, in IndexedDB: one entry per interview, page and document.
import { openDB } from "../../vendor/idb.js";

const NAME = "interviewlm-documents";
const VERSION = 1;
const TABLE = "left";

/** Opens the table. Rejects where the browser gives none; every method rejects when the disk is full. */
export async function openPendingTable() {
  const database = await openDB(NAME, VERSION, {
    upgrade(fresh) {
      const table = fresh.createObjectStore(TABLE, { keyPath: ["interview", "page", "document"] });
      table.createIndex("at", "at");
    },
    blocking: () => database.close(),
  });

  /** All or nothing, on the disk before it resolves. */
  async function write(work) {
    const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
    const steps = work(transaction.store);
    // Said now, so that a page that goes away in this moment has said it.
    transaction.commit();
    await Promise.all([...steps, transaction.done]);
  }

  return {
    list: (interview) => database.getAll(TABLE, IDBKeyRange.bound([interview], [interview, []])),

    /** Puts an entry unless it is null and removes those with these keys. */
    put(entry, removed = []) {
      return write((table) => [
        ...removed.map((key) => table.delete(key)),
        ...(entry ? [table.put(entry)] : []),
      ]);
    },

    async forgetBefore(time) {
      const old = await database.getAllKeysFromIndex(TABLE, "at", IDBKeyRange.upperBound(time));
      if (old.length > 0) await write((table) => old.map((key) => table.delete(key)));
    },
  };
}
