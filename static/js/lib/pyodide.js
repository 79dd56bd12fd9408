// Tests in this browser, where the server has no sandbox: Python in a frame without an origin, a fresh one for each run.
// Whatever comes out of it is unverified, and bounded before it is shown.
import { createEmitter } from "./events.js";
import { LIMITS } from "./protocol.js";

export const SECONDS = 30;
const LOAD_WITHIN_MS = 120_000;
const MOST_TESTS = 1_000;
const NAME_CHARS = 300;
const MESSAGE_CHARS = 4_000;
const OUTCOMES = new Set(["passed", "failed", "skipped", "error"]);

const cut = (value, limit) => (typeof value === "string" ? value.slice(0, limit) : "");
const count = (value) => (Number.isFinite(value) && value >= 0 ? Math.round(value) : 0);

/** A test as the list of results has it, whatever was said of it. */
export function readTest(test) {
  const outcome = OUTCOMES.has(test?.outcome) ? test.outcome : "error";
  return {
    name: cut(test?.name, NAME_CHARS) || "?",
    outcome,
    duration_ms: count(test?.duration_ms),
    message: cut(test?.message, MESSAGE_CHARS),
  };
}

export function readMessage(text) {
  if (typeof text !== "string") return {};
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** One frame with one Python. Events: "message" (what it says, an object). */
function createFrame({ url, place, page }) {
  const emitter = createEmitter();
  const frame = document.createElement("iframe");
  // No allow-same-origin, ever: with it the code in there would act as this person.
  frame.setAttribute("sandbox", "allow-scripts");
  frame.setAttribute("aria-hidden", "true");
  frame.hidden = true;
  frame.tabIndex = -1;
  frame.src = url;
  const hear = (event) => {
    if (event.source === frame.contentWindow) emitter.emit("message", readMessage(event.data));
  };
  page.addEventListener("message", hear);
  place.append(frame);

  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("late")), LOAD_WITHIN_MS);
    emitter.on("message", ({ type }) => {
      if (type === "ready") resolve();
      else if (type === "failed" || type === "flooded") reject(new Error(type));
      else return;
      clearTimeout(timer);
    });
  });
  // Whoever waits for it is told; nobody may be waiting yet.
  ready.catch(() => {});

  return {
    on: emitter.on,
    ready,
    // Its origin is opaque, so that no address but any can be named; it holds only code of this candidate.
    send: (message) => frame.contentWindow?.postMessage(message, "*"),
    remove() {
      page.removeEventListener("message", hear);
      frame.remove();
    },
  };
}

/**
 * config is {frame_url, sections: {folder: arguments of pytest}}. prepare() loads Python ahead of a run. Only one run at a
 * time; run() resolves with {reason, exit_code, duration_ms, tests} and never rejects: the reasons are those of a run.
 */
export function createBrowserRuns({ config, documents, place = document.body, page = window }) {
  let frame = null;
  let stop = null;

  function prepare() {
    frame ??= createFrame({ url: config.frame_url, place, page });
    return frame;
  }

  function drop() {
    frame?.remove();
    frame = null;
  }

  async function readFiles(folder) {
    const paths = documents.entries.map(({ path }) => path);
    const own = paths.filter((path) => path.startsWith(`${folder}/`));
    const files = {};
    for (const path of own) files[path] = (await documents.open(path)).state.doc.toString();
    return files;
  }

  function follow(current, { onOutput, ended }) {
    const tests = [];
    let shown = 0;
    current.on("message", (message) => {
      if (message.type === "test" && tests.length < MOST_TESTS) tests.push(readTest(message.test));
      if (message.type === "output") {
        const text = cut(message.text, LIMITS.OUTPUT_CHARS - shown);
        shown += text.length;
        onOutput(message.stream === "stderr" ? "stderr" : "stdout", text);
      }
      if (message.type === "flooded") ended("output");
      if (message.type === "failed") ended("failed");
      if (message.type === "finished") ended("exited", message);
    });
    return tests;
  }

  async function run(folder, { onOutput, onStart }) {
    const current = prepare();
    const finished = {};
    finished.promise = new Promise((resolve) => {
      finished.resolve = resolve;
    });
    const began = performance.now();
    const ended = (reason, { exit_code: code = null, duration_ms: took } = {}) =>
      finished.resolve({
        reason,
        exit_code: Number.isInteger(code) ? code : null,
        duration_ms: count(took ?? performance.now() - began),
      });
    stop = () => ended("cancelled");
    const tests = follow(current, { onOutput, ended });
    let timer = null;
    Promise.all([readFiles(folder), current.ready]).then(
      ([files]) => {
        timer = setTimeout(() => ended("timeout", { duration_ms: SECONDS * 1000 }), SECONDS * 1000);
        onStart();
        const request = JSON.stringify({ folder, arguments: config.sections[folder], files });
        current.send({ type: "run", request });
      },
      () => ended("failed"),
    );
    const end = await finished.promise;
    clearTimeout(timer);
    stop = null;
    drop();
    // Python for the next run loads while the results are read; not after a failure to load.
    if (end.reason !== "failed") prepare();
    return { ...end, tests: [...tests] };
  }

  return {
    can: (folder) => Boolean(config?.sections[folder]),
    prepare,
    run,
    cancel: () => stop?.(),
  };
}
