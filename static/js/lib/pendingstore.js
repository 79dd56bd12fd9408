// Keeps what the server has not acknowledged across a reload, one entry per document, in localStorage.

const STORE_AFTER_MS = 250;

export function createPendingStore(interview, storage = globalThis.localStorage) {
  const prefix = `interviewlm:pending:${interview}:`;

  /** Refused by the browser (full, private mode): the text stays in the open page, so saying nothing here is right. */
  function quietly(action) {
    try {
      return action();
    } catch {
      return null;
    }
  }

  return {
    load(path) {
      return quietly(() => JSON.parse(storage.getItem(prefix + path)));
    },
    save(path, entry) {
      return quietly(() => storage.setItem(prefix + path, JSON.stringify(entry)));
    },
    drop(path) {
      return quietly(() => storage.removeItem(prefix + path));
    },
    /** Paths with something left over, for opening them first. */
    paths() {
      const keys = quietly(() => Object.keys(storage)) ?? [];
      return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    },
  };
}

/** One document's place in the store. path() is its name now; left() gives its entry, or null when all is acknowledged. */
export function keepPending(store, { path, left }) {
  let timer = null;

  function now() {
    clearTimeout(timer);
    timer = null;
    const entry = left();
    if (entry) store.save(path(), entry);
    else store.drop(path());
  }

  return {
    now,
    /** Soon while something waits, at once when nothing does any more. */
    soon(isWaiting) {
      if (isWaiting) timer ??= setTimeout(now, STORE_AFTER_MS);
      else now();
    },
    forget() {
      clearTimeout(timer);
      timer = null;
      store.drop(path());
    },
  };
}
