// The assistant's panel: conversation, streaming that never moves what is being read, asking, stopping, applying.
import { createComposer } from "./composer.js";
import { createConversation } from "./conversation.js";
import { createSwitch } from "./conversations.js";
import { setText } from "./dom.js";
import { createEmitter } from "./events.js";
import { filesText } from "./filestext.js";
import { gettext } from "./i18n.js";
import { createTurnList } from "./turnlist.js";
import { createTurnView } from "./turnview.js";

const BUDGET_CODES = new Set(["budget_exceeded", "spending_stopped"]);

/**
 * root holds [data-chat=log|empty|more|state|announce|simulated|switch] and form[data-chat=composer].
 * workspace: {flush(), files() -> paths, target() -> {name, line} | null, apply({mode, text, turn, block}) -> {text, undo}}.
 * Events: "answered" (entry).
 */
export function createChat({ root, socket, workspace, draftKey }) {
  const emitter = createEmitter();
  const conversation = createConversation();
  const part = (name) => root.querySelector(`[data-chat="${name}"]`);
  const [empty, state, announce] = ["empty", "state", "announce"].map(part);
  const dirty = new Set();
  let assistant;

  const createView = () => createTurnView({ applyFor, retry, takeBack, rate });
  const turns = createTurnList({ log: part("log"), more: part("more"), createView });
  const switcher = createSwitch({ root: part("switch"), onSelect: conversation.select });
  const composer = createComposer({ root: part("composer"), draftKey, onSend: ask, onStop: stop });

  function applyFor(entry, block) {
    if (!entry.turn) return null;
    return {
      target: workspace.target,
      run: ({ mode, text }) => workspace.apply({ mode, text, turn: entry.turn, block }),
    };
  }

  function drawSoon(entry) {
    if (dirty.size === 0) requestAnimationFrame(drawDirty);
    dirty.add(entry);
  }

  function drawDirty() {
    turns.update(dirty);
    dirty.clear();
    composer.setLive(Boolean(conversation.live), conversation.isFull);
  }

  function drawAll(entries) {
    turns.show(entries);
    drawEmpty();
    composer.setLive(Boolean(conversation.live), conversation.isFull);
  }

  async function ask(text) {
    const id = crypto.randomUUID();
    const entry = conversation.ask(id, text);
    // A question that waits moves nothing: the answer before it is still being read.
    if (entry === conversation.live) turns.bringToTop(entry);
    await workspace.flush();
    const frame = { type: "turn.ask", id, text, files: workspace.files() };
    if (switcher.current) frame.conversation = switcher.current;
    try {
      await socket.request(frame);
    } catch (error) {
      const entry = conversation.withdraw(id);
      const reason = noteBudget(error)
        ? gettext("Your question was not sent, for the reason above.")
        : error.message || gettext("Your question was not sent. Try again in a moment.");
      composer.giveBack(entry?.question ?? text, reason);
    }
  }

  /** What is different about the assistant from here on; it can still be asked. */
  function note(notice) {
    assistant = { ...assistant, notice };
    drawAvailability(assistant);
  }

  /** Says at the top that a budget stops the assistant; returns whether one does. */
  function noteBudget({ code, message, retryable }) {
    if (!BUDGET_CODES.has(code) || retryable) return false;
    note(message);
    announce.textContent = message;
    return true;
  }

  function retry(entry) {
    ask(entry.question);
  }

  function takeBack({ turn }) {
    if (turn) socket.send({ type: "turn.stop", turn });
  }

  async function rate({ message }, rating) {
    try {
      await socket.request({ type: "message.rate", message, rating }, { resend: false });
    } catch (error) {
      announce.textContent = error.message || gettext("Your rating was not stored.");
      note(announce.textContent);
    }
  }

  function stop() {
    takeBack(conversation.live ?? {});
  }

  /** What to ask is only worth saying where asking works. */
  function drawEmpty() {
    empty.hidden = conversation.entries.length > 0 || assistant?.available === false;
  }

  function drawAvailability({
    available = true,
    message = "",
    notice = "",
    simulated = false,
  } = {}) {
    const connecting = socket.state === "online" ? "" : gettext("Connecting to the assistant…");
    const off = message || gettext("The assistant is not available at the moment.");
    setText(state, available ? connecting || notice : off);
    state.hidden = !state.textContent;
    composer.setAvailable(available);
    part("simulated").hidden = !simulated;
    drawEmpty();
  }

  socket.on("hello", (frame) => {
    assistant = frame.assistant;
    switcher.hello(frame);
    if (frame.limits) composer.setLimits(frame.limits);
    conversation.hello(frame);
    drawAvailability(assistant);
  });
  socket.on("state", ({ state: name, message }) => {
    const closed = name === "closed" && message ? { available: false, message } : assistant;
    drawAvailability(closed);
  });
  socket.on("turn.queued", (frame) => {
    switcher.adopt(frame.conversation);
    conversation.queued(frame);
  });
  socket.on("turn.started", (frame) => {
    switcher.adopt(frame.conversation);
    note(frame.notice ?? "");
    conversation.started(frame);
  });
  socket.on("turn.delta", conversation.delta);
  socket.on("turn.tool", conversation.tool);
  socket.on("turn.finished", (frame) => {
    conversation.finished(frame);
    announce.textContent = gettext("The answer is complete.");
    emitter.emit("answered", frame);
  });
  socket.on("turn.failed", (frame) => {
    conversation.failed(frame);
    announce.textContent = gettext("The answer failed.");
    noteBudget(frame);
  });
  socket.on("message.rated", conversation.rated);
  conversation.on("gap", (from) => socket.send({ type: "turn.resume", ...from }));
  conversation.on("withdrawn", ({ askId, question }) => {
    if (askId) composer.giveBack(question, "");
  });
  conversation.on("change", drawSoon);
  conversation.on("reset", drawAll);

  return {
    on: emitter.on,
    focus: composer.focus,
    showFiles: () => composer.setFiles(filesText(workspace.files())),
  };
}
