// Whether everything typed is stored, over all open documents, and waiting until it is.

/** all() gives the open documents. Emits "status" ({state, unsaved, message, isKept}) when it is another. */
export function createDocumentStatus({ emitter, all, store, socket, isWritable }) {
  let now = { state: "saved", unsaved: 0, message: "", isKept: true };

  function stateOf(unsaved, problem) {
    if (problem) return "problem";
    if (unsaved === 0) return "saved";
    if (!isWritable()) return "held";
    return socket.state === "online" ? "saving" : "offline";
  }

  function refresh() {
    const problem = all().find((doc) => doc.problem)?.problem;
    const unsaved = all().reduce((sum, doc) => sum + doc.unsaved(), 0);
    const message = problem?.message ?? "";
    const before = now;
    now = { state: stateOf(unsaved, problem), unsaved, message, isKept: store.isKept };
    const isSame = Object.keys(now).every((name) => now[name] === before[name]);
    if (!isSame || message) emitter.emit("status", now);
  }

  /** True once nothing waits; false after so long, or at once when something is refused. First what is to come. */
  function stored(within, first) {
    return new Promise((resolve) => {
      let isOver = false;
      let stop = () => {};
      const timer = setTimeout(() => finish(false), within);

      function finish(result) {
        isOver = true;
        clearTimeout(timer);
        stop();
        resolve(result);
      }

      function look({ state, unsaved }) {
        if (unsaved === 0) finish(true);
        else if (state === "problem") finish(false);
      }

      first.then(() => {
        if (isOver) return;
        for (const doc of all()) doc.retry();
        refresh();
        stop = emitter.on("status", look);
        look(now);
      });
    });
  }

  return {
    refresh,
    stored,
    get now() {
      return now;
    },
  };
}
