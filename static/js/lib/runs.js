// Running code: tests, a file or a command, and Stop; streamed output, one line a test with its detail.
import { HERE, markTests, offText, unverifiedMark } from "./browserruns.js";
import { createEmitter } from "./events.js";
import { gettext } from "./i18n.js";
import { ERROR } from "./protocol.js";
import { createCommandLine } from "./runcommand.js";
import { createRunLog, summarise } from "./runlog.js";
import { createRunOutput } from "./runoutput.js";
import { comingText, createRunState, obstacleText, placeText, unstoredText } from "./runstate.js";
import { drawTests, noResultsText } from "./testlist.js";

const ALIVE = new Set(["asking", "queued", "running"]);

/**
 * root holds [data-run=tests|file|command|stop], [data-run-state], [data-run-tests], [data-run-output] and the form
 * [data-run-command]. flush() stores what was typed. target() gives {section, path}, inBrowser runs tests where the
 * server cannot, memoryKey is where commands are kept. Events: "show" ("tests"|"output"), "finished" (run), "controls".
 */
export function createRuns({ root, socket, flush, target, inBrowser = null, memoryKey = "" }) {
  const emitter = createEmitter();
  const part = (name) => root.querySelector(`[data-run-${name}]`);
  const button = (name) => root.querySelector(`[data-run="${name}"]`);
  const { set: setState, ...ticker } = createRunState(part("state"));
  const tests = part("tests");
  const { clear, write } = createRunOutput(part("output"));
  let running = { available: true, message: "" };
  let run = null;
  let log = createRunLog();
  const line = createCommandLine({
    form: part("command"),
    memoryKey,
    run: (command) => start("command", command),
  });

  const isHere = (kind) =>
    !running.available && kind === "tests" && Boolean(inBrowser?.can(target().section));

  function drawControls() {
    const alive = ALIVE.has(run?.phase);
    const online = socket.state === "online";
    for (const name of ["tests", "file", "command"]) {
      button(name).disabled = alive || !(running.available || isHere(name)) || !online;
      button(name).hidden = alive && name !== "command";
    }
    button("file").hidden ||= !target().path;
    button("stop").hidden = !alive;
    button("stop").disabled = !run?.id || run.stopping;
    const isTold = running.available || (run && isHere("tests"));
    if (!isTold) setState("warning", offText(isHere("tests"), running.message));
    emitter.emit("controls");
  }

  function begin(next) {
    run = { id: null, phase: "asking", stopping: false, ...next };
    log = createRunLog();
    clear();
    drawControls();
  }

  function end() {
    ticker.stop();
    run.phase = "done";
    drawControls();
  }

  function refuse(level, text) {
    tests.replaceChildren();
    setState(level, text);
    end();
  }

  async function ask(kind, command, env) {
    const { section, path } = target();
    const what = { file: { path }, command: { command } }[kind];
    const frame = await socket.request({ type: "run.start", section, kind, env, ...what });
    if (kind === "command") line.started(command);
    return frame;
  }

  async function start(kind, command = "") {
    if (ALIVE.has(run?.phase) || button(kind).disabled) return;
    begin({ kind });
    emitter.emit("show", kind === "tests" ? "tests" : "output");
    setState("busy", gettext("Storing your latest changes…"));
    if (kind === "tests") tests.replaceChildren(comingText());
    const { env, problem } = line.env();
    if (problem) return refuse("warning", problem);
    if (!(await flush())) return refuse("warning", unstoredText());
    try {
      if (isHere(kind)) {
        onQueued({ run: HERE, position: 0 });
        const panel = { setState, onStarted, write, onFinished };
        return await inBrowser.perform(target().section, panel);
      }
      const queued = await ask(kind, command, env);
      if (!run.id) onQueued(queued);
    } catch (error) {
      refuse("danger", error.message || gettext("The run did not start. Try again."));
    }
  }

  function onQueued(frame) {
    run.id ??= frame.run;
    if (frame.run !== run.id || run.phase === "running") return;
    run.phase = "queued";
    setState("busy", placeText(frame.position));
    drawControls();
  }

  function onStarted(frame) {
    run.id ??= frame.run;
    if (frame.run !== run.id) return;
    run.kind ??= frame.kind;
    run.phase = "running";
    if (log.received === 0) write("command", `$ ${frame.argv_text}\n`);
    ticker.start();
    drawControls();
  }

  function onOutput(frame) {
    if (frame.run !== run?.id) return;
    const { gap, text, stream } = log.take(frame);
    if (gap) socket.send({ type: "run.resume", run: run.id, offset: log.received });
    else write(stream, text);
  }

  function showTests(found) {
    tests.replaceChildren(found?.length ? drawTests(found) : noResultsText());
    if (run.id === HERE) markTests(tests);
    if (!found?.length) emitter.emit("show", "output");
  }

  function onFinished(frame) {
    if (frame.run !== run?.id) return;
    const finished = { ...frame, kind: run.kind };
    end();
    if (run.kind === "tests") showTests(frame.tests);
    const { level, text, facts } = summarise(finished);
    const mark = run.id === HERE && unverifiedMark();
    setState(level, [mark, text, ...facts].filter(Boolean).join(" · "));
    write("note", `\n${text}\n`);
    emitter.emit("finished", finished);
  }

  /** The server that carried the run may be gone, and the run with it. */
  async function resume() {
    const { id } = run;
    const frame = { type: "run.resume", run: id, offset: log.received };
    try {
      await socket.request(frame, { resend: false });
    } catch (error) {
      if (error.code !== ERROR.NOT_FOUND || run.id !== id) return;
      setState("warning", gettext("The run was lost with the connection. Run it again."));
      end();
    }
  }

  /** What another window or the assistant runs is shown here as well; only an answer to this window has an id. */
  function hear(frame, handle) {
    const isOther = frame.id === undefined && frame.run !== run?.id;
    if (isOther && ALIVE.has(run?.phase)) return;
    if (isOther) begin({ id: frame.run, kind: frame.kind, phase: "queued" });
    if (run) handle(frame);
  }

  socket.on("run.queued", (frame) => hear(frame, onQueued));
  socket.on("run.started", (frame) => hear(frame, onStarted));
  socket.on("run.output", onOutput);
  socket.on("run.finished", onFinished);
  socket.on("state", drawControls);
  socket.on("hello", ({ running: can, live_run: live }) => {
    running = can ?? running;
    if (live && live.run !== run?.id) {
      begin({ id: live.run, kind: live.kind, phase: "queued" });
      if (live.state === "queued") setState("busy", placeText(live.position));
    }
    if (run?.id && run.id !== HERE && ALIVE.has(run.phase)) resume();
    drawControls();
  });

  button("tests").addEventListener("click", () => start("tests"));
  button("file").addEventListener("click", () => start("file"));
  button("stop").addEventListener("click", () => {
    if (!run?.id) return;
    run.stopping = true;
    ticker.stop();
    setState("busy", gettext("Stopping…"));
    if (run.id === HERE) inBrowser.cancel();
    else socket.send({ type: "run.stop", run: run.id });
    drawControls();
  });

  function showCommand() {
    emitter.emit("show", "output");
    line.focus();
  }

  const obstacle = () => obstacleText({ running, alive: ALIVE.has(run?.phase), socket });
  return { on: emitter.on, start, obstacle, refresh: drawControls, showCommand };
}
