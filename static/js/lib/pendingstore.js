// Keeps what the server has not acknowledged across a reload, one entry per document, in localStorage.

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
