// Between the room and the worker that runs Python, in a frame without an origin: it holds no cookie and reaches no page.
// A classic script, and the only one of its page (templates/interviews/pyodide_frame.html).

(() => {
  const MOST_MESSAGES = 5_000;
  const MOST_CHARS = 2_000_000;
  const LONGEST = 40_000;

  const { worker: address, index, archive, room } = document.currentScript.dataset;
  const source = `importScripts(${JSON.stringify(address)});`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  let messages = 0;
  let chars = 0;

  function tell(text) {
    window.parent.postMessage(text, room);
  }

  function stop(message) {
    worker.terminate();
    tell(JSON.stringify(message));
  }

  worker.addEventListener("message", ({ data }) => {
    messages += 1;
    chars += typeof data === "string" ? data.length : LONGEST;
    const isSane = typeof data === "string" && data.length <= LONGEST;
    if (isSane && messages <= MOST_MESSAGES && chars <= MOST_CHARS) tell(data);
    else stop({ type: "flooded" });
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    stop({ type: "failed", message: event.message ?? "" });
  });
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.origin === room) worker.postMessage(event.data);
  });
  worker.postMessage({ type: "prepare", index, archive });
})();
