// What a browser keeps and guards for the pages of one site, for tests: a table, a storage, locks.

/** localStorage: its entries are its own keys, as in a browser. */
export function memoryStorage() {
  const methods = {
    getItem(key) {
      return Object.hasOwn(this, key) ? this[key] : null;
    },
    setItem(key, value) {
      this[key] = String(value);
    },
    removeItem(key) {
      delete this[key];
    },
    get length() {
      return Object.keys(this).length;
    },
  };
  return Object.create(Object.create(null, Object.getOwnPropertyDescriptors(methods)));
}

/** The table of pendingdb.js. With `fault` set, it refuses everything. */
export function memoryTable() {
  const rows = new Map();
  const check = () => {
    if (table.fault) throw table.fault;
  };
  const table = {
    fault: null,
    rows,
    open: async () => {
      check();
      return table;
    },
    async list(interview) {
      check();
      const found = [...rows.values()].filter((row) => row.interview === interview);
      return structuredClone(found);
    },
    async put(entry, removed = []) {
      check();
      for (const key of removed) rows.delete(JSON.stringify(key));
      if (!entry) return;
      const key = [entry.interview, entry.page, entry.document];
      rows.set(JSON.stringify(key), structuredClone(entry));
    },
    async forgetBefore(time) {
      check();
      for (const [key, row] of rows) if (row.at <= time) rows.delete(key);
    },
  };
  return table;
}

/** navigator.locks as far as it is used. of(page) is what one page sees; end(page) lets go of all it holds. */
export function memoryLocks() {
  const queues = new Map();

  function next(name) {
    const queue = queues.get(name) ?? [];
    const first = queue[0];
    if (!first || first.isHeld) return;
    first.isHeld = true;
    Promise.resolve()
      .then(first.work)
      .then(first.resolve, first.reject)
      .finally(() => leave(name, first));
  }

  function leave(name, request) {
    const queue = queues.get(name);
    if (queue.includes(request)) queue.splice(queue.indexOf(request), 1);
    next(name);
  }

  return {
    of(owner) {
      return {
        request(name, options, work = options) {
          return new Promise((resolve, reject) => {
            if (!queues.has(name)) queues.set(name, []);
            const request = { owner, work, resolve, reject, isHeld: false };
            queues.get(name).push(request);
            options.signal?.addEventListener("abort", () => {
              if (request.isHeld) return;
              leave(name, request);
              reject(options.signal.reason);
            });
            next(name);
          });
        },
      };
    },
    end(owner) {
      for (const [name, queue] of queues) {
        for (const request of queue.filter((one) => one.owner === owner)) leave(name, request);
      }
    },
  };
}
