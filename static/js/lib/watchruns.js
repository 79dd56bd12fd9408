// The candidate's runs to look at: streamed output, one line a test, and how it ended.
import { element, setText } from "./dom.js";
import { createEmitter } from "./events.js";
import { gettext, interpolate } from "./i18n.js";
import { createRunLog, summarise } from "./runlog.js";
import { drawTests } from "./testlist.js";

const KINDS = {
  tests: () => gettext("Tests are running"),
  file: () => gettext("A file is running"),
};

/** root holds [data-run-state], [data-run-tests], [data-run-output]. Event: "show" ("tests" or "output"). */
export function createWatchRuns({ root, socket, lastRun = null }) {
  const emitter = createEmitter();
  const part = (name) => root.querySelector(`[data-run-${name}]`);
  const [state, tests, output] = ["state", "tests", "output"].map(part);
  let run = null;
  let log = createRunLog();

  function setState(level, text) {
    state.className = `status ${level}`;
    setText(state, text);
    state.hidden = !text;
  }

  function write(stream, text) {
    if (!text) return;
    const follow = output.scrollHeight - output.scrollTop - output.clientHeight < 24;
    const last = output.lastElementChild;
    if (last?.dataset.stream === stream) last.append(text);
    else output.append(element("span", { "data-stream": stream }, text));
    if (follow) output.scrollTop = output.scrollHeight;
  }

  function begin(id, kind) {
    run = { id, kind, isOver: false };
    log = createRunLog();
    output.replaceChildren();
  }

  function resume(id) {
    socket.send({ type: "run.resume", run: id, offset: log.received });
  }

  function onStarted({ run: id, kind, argv_text: command }) {
    if (run?.id !== id) begin(id, kind);
    else run.kind = kind;
    if (log.received === 0 && output.childElementCount === 0)
      output.append(element("span", { "data-stream": "command" }, `$ ${command}\n`));
    setState("busy", KINDS[kind]?.() ?? gettext("A command is running"));
    emitter.emit("show", kind === "tests" ? "tests" : "output");
    if (kind === "tests")
      tests.replaceChildren(element("p", { class: "empty" }, gettext("The tests are running…")));
  }

  function onFinished(frame) {
    if (frame.run !== run?.id) return;
    run.isOver = true;
    if (run.kind === "tests") {
      const none = element("p", { class: "empty" }, gettext("No test results. See Output."));
      tests.replaceChildren(frame.tests?.length ? drawTests(frame.tests) : none);
    }
    const { level, text, facts } = summarise({ ...frame, kind: run.kind });
    const words = frame.reason === "cancelled" ? gettext("Stopped by the candidate.") : text;
    setState(level, [words, ...facts].filter(Boolean).join(" · "));
    write("note", `\n${words}\n`);
  }

  socket.on("run.queued", ({ run: id, position }) => {
    if (run?.id !== id) begin(id, "tests");
    const words = gettext("Waiting, %(n)s before it");
    setState("busy", position > 0 ? interpolate(words, { n: position }) : gettext("Starting…"));
  });
  socket.on("run.started", onStarted);
  socket.on("run.output", (frame) => {
    if (frame.run !== run?.id) return;
    const { gap, text, stream } = log.take(frame);
    if (gap) resume(run.id);
    else write(stream, text);
  });
  socket.on("run.finished", onFinished);
  socket.on("hello", ({ live_run: live }) => {
    const id = live?.run ?? (run ? run.id : lastRun);
    if (!id || (run?.id === id && run.isOver)) return;
    if (run?.id !== id) begin(id, live?.kind ?? "tests");
    resume(id);
  });

  return { on: emitter.on };
}
