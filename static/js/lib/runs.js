// Running code: the two buttons and Stop, streamed output, one line a test with its detail.
import { element, setText } from "./dom.js";
import { createEmitter } from "./events.js";
import { gettext, interpolate } from "./i18n.js";
import { ERROR } from "./protocol.js";
import { createRunLog, summarise } from "./runlog.js";
import { drawTests } from "./testlist.js";

const ALIVE = new Set(["asking", "queued", "running"]);

/**
 * root holds [data-run=tests|file|stop], [data-run-state], [data-run-tests], [data-run-output]. flush() stores what was typed.
 * target() gives {section, path}. Events: "show" ("tests"|"output"), "finished" (run).
 */
export function createRuns({ root, socket, flush, target }) {
  const emitter = createEmitter();
  const part = (name) => root.querySelector(`[data-run-${name}]`);
  const button = (name) => root.querySelector(`[data-run="${name}"]`);
  const state = part("state");
  const tests = part("tests");
  const output = part("output");
  let running = { available: true, message: "" };
  let run = null;
  let log = createRunLog();
  let ticker = null;

  function setState(level, text) {
    state.className = `status ${level}`;
    setText(state, text);
    state.hidden = !text;
  }

  function drawControls() {
    const alive = ALIVE.has(run?.phase);
    const online = socket.state === "online";
    for (const name of ["tests", "file"]) {
      button(name).disabled = alive || !running.available || !online;
      button(name).hidden = alive;
    }
    button("file").hidden ||= !target().path;
    button("stop").hidden = !alive;
    button("stop").disabled = !run?.id || run.stopping;
    if (!running.available) setState("warning", running.message || gettext("Running code is off."));
  }

  function tick() {
    if (run?.phase !== "running") return;
    const seconds = Math.floor((performance.now() - run.since) / 1000);
    setState("busy", interpolate(gettext("Running, %(n)s s"), { n: seconds }));
  }

  function begin(next) {
    run = { id: null, phase: "asking", stopping: false, since: performance.now(), ...next };
    log = createRunLog();
    output.replaceChildren();
    clearInterval(ticker);
    ticker = setInterval(tick, 1000);
    drawControls();
  }

  function end() {
    clearInterval(ticker);
    run.phase = "done";
    drawControls();
  }

  function write(stream, text) {
    if (!text) return;
    const follow = output.scrollHeight - output.scrollTop - output.clientHeight < 24;
    const last = output.lastElementChild;
    if (last?.dataset.stream === stream) last.append(text);
    else output.append(element("span", { "data-stream": stream }, text));
    if (follow) output.scrollTop = output.scrollHeight;
  }

  async function start(kind) {
    if (ALIVE.has(run?.phase) || button(kind).disabled) return;
    begin({ kind });
    emitter.emit("show", kind === "tests" ? "tests" : "output");
    setState("busy", gettext("Storing your latest changes…"));
    if (kind === "tests")
      tests.replaceChildren(element("p", { class: "empty" }, gettext("Running the tests…")));
    if (!(await flush())) {
      tests.replaceChildren();
      setState(
        "warning",
        gettext(
          "Your latest changes are not stored yet, so nothing was run. Try again in a moment.",
        ),
      );
      end();
      return;
    }
    try {
      const { section, path } = target();
      const frame = { type: "run.start", section, kind };
      const queued = await socket.request(kind === "file" ? { ...frame, path } : frame);
      if (!run.id) onQueued(queued);
    } catch (error) {
      tests.replaceChildren();
      setState("danger", error.message || gettext("The run did not start. Try again."));
      end();
    }
  }

  function onQueued(frame) {
    run.id = frame.run;
    run.phase = "queued";
    const ahead = frame.position > 0;
    setState(
      "busy",
      ahead
        ? interpolate(gettext("Waiting, %(n)s before you"), { n: frame.position })
        : gettext("Starting…"),
    );
    drawControls();
  }

  function onStarted(frame) {
    run.id ??= frame.run;
    if (frame.run !== run.id) return;
    run.phase = "running";
    run.since = performance.now();
    if (log.received === 0)
      output.append(element("span", { "data-stream": "command" }, `$ ${frame.argv_text}\n`));
    setState("busy", gettext("Running"));
    drawControls();
  }

  function onOutput(frame) {
    if (frame.run !== run?.id) return;
    const { gap, text, stream } = log.take(frame);
    if (gap) socket.send({ type: "run.resume", run: run.id, offset: log.received });
    else write(stream, text);
  }

  function showTests(found) {
    const none = element("p", { class: "empty" }, gettext("No test results. See Output."));
    tests.replaceChildren(found?.length ? drawTests(found) : none);
    if (!found?.length) emitter.emit("show", "output");
  }

  function onFinished(frame) {
    if (frame.run !== run?.id) return;
    const finished = { ...frame, kind: run.kind };
    end();
    if (run.kind === "tests") showTests(frame.tests);
    const { level, text, facts } = summarise(finished);
    setState(level, [text, ...facts].filter(Boolean).join(" · "));
    write("note", `\n${text}\n`);
    emitter.emit("finished", finished);
  }

  /** The server that carried the run may be gone, and the run with it. */
  async function resume() {
    const { id } = run;
    try {
      await socket.request(
        { type: "run.resume", run: id, offset: log.received },
        { resend: false },
      );
    } catch (error) {
      if (error.code !== ERROR.NOT_FOUND || run.id !== id) return;
      setState("warning", gettext("The run was lost with the connection. Run it again."));
      end();
    }
  }

  socket.on("run.queued", (frame) => run && !run.id && onQueued(frame));
  socket.on("run.started", (frame) => run && onStarted(frame));
  socket.on("run.output", onOutput);
  socket.on("run.finished", onFinished);
  socket.on("state", drawControls);
  socket.on("hello", ({ running: can, live_run: live }) => {
    running = can ?? running;
    if (live && live.run !== run?.id) {
      begin({ id: live.run, kind: live.kind, phase: "running" });
      setState("busy", gettext("Running"));
    }
    if (run?.id && ALIVE.has(run.phase)) resume();
    drawControls();
  });

  button("tests").addEventListener("click", () => start("tests"));
  button("file").addEventListener("click", () => start("file"));
  button("stop").addEventListener("click", () => {
    if (!run?.id) return;
    run.stopping = true;
    setState("busy", gettext("Stopping…"));
    socket.send({ type: "run.stop", run: run.id });
    drawControls();
  });

  return { on: emitter.on, start, refresh: drawControls };
}
