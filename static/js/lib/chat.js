// The assistant's panel: conversation, streaming that never moves what is being read, asking, stopping, applying.
import { availabilityText } from "./availability.js";
import { redrawRuns } from "./codetools.js";
import { createComposer } from "./composer.js";
import { createConversation } from "./conversation.js";
import { createSwitch } from "./conversations.js";
import { setText } from "./dom.js";
import { createEmitter } from "./events.js";
import { filesText } from "./filestext.js";
import { gettext } from "./i18n.js";
import { followPlaces, relinkPlaces } from "./places.js";
import { createSpeaker } from "./speaker.js";
import { createTurnList } from "./turnlist.js";
import { createTurnView } from "./turnview.js";

const BUDGET_CODES = new Set(["budget_exceeded", "spending_stopped"]);

/**
 * root holds [data-chat=log|empty|more|state|announce|simulated|switch] and form[data-chat=composer].
 * workspace: {flush(), files() -> paths, target() -> {name, line} | null, apply({mode, text, turn, block}) -> {text, undo},
 * findPath(name) -> path | null, open(path, line), run: {obstacle(), start(command)}}. csrf is for pictures.
 * Events: "answered" (entry), "shown": the turns were drawn anew, those of cards(turn) among them.
 */
export function createChat({ root, socket, workspace, draftKey, csrf = "" }) {
  const emitter = createEmitter();
  const conversation = createConversation();
  const part = (name) => root.querySelector(`[data-chat="${name}"]`);
  const [empty, state] = ["empty", "state"].map(part);
  const speaker = createSpeaker(part("announce"));
  const dirty = new Set();
  let assistant;

  const { findPath, run } = workspace;
  const actions = { applyFor, run, findPath, retry, edit, takeBack, rate };
  const createView = () => createTurnView(actions);
  const turns = createTurnList({ log: part("log"), more: part("more"), createView });
  const switcher = createSwitch({ root: part("switch"), onSelect: conversation.select });
  const box = { root: part("composer"), draftKey, csrf };
  const composer = createComposer({ ...box, onSend: ask, onStop: stop });

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
    for (const entry of dirty) speaker.hear(entry);
    dirty.clear();
    composer.setLive(Boolean(conversation.live), conversation.isFull);
  }

  function drawAll(entries) {
    turns.show(entries);
    emitter.emit("shown");
    drawEmpty();
    composer.setLive(Boolean(conversation.live), conversation.isFull);
  }

  async function ask(text, { images = [], replaces = null } = {}) {
    const id = crypto.randomUUID();
    const entry = conversation.ask(id, text, { images, replaces });
    // A question that waits moves nothing: the answer before it is still being read.
    if (entry === conversation.live) turns.bringToTop(entry);
    await workspace.flush();
    const frame = { type: "turn.ask", id, text, files: workspace.files() };
    if (switcher.current) frame.conversation = switcher.current;
    if (images.length > 0) frame.images = images.map(({ image }) => image);
    if (replaces) frame.replaces = replaces;
    try {
      await socket.request(frame);
    } catch (error) {
      const entry = conversation.withdraw(id);
      const reason = noteBudget(error)
        ? gettext("Your question was not sent, for the reason above.")
        : error.message || gettext("Your question was not sent. Try again in a moment.");
      composer.giveBack(entry?.question ?? text, reason, images);
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
    speaker.say(message);
    return true;
  }

  function retry(entry) {
    ask(entry.question, { images: entry.images });
  }

  function edit({ turn, question, images = [] }) {
    composer.edit({ turn, text: question, images });
  }

  function takeBack({ turn }) {
    if (turn) socket.send({ type: "turn.stop", turn });
  }

  async function rate({ message }, rating) {
    try {
      await socket.request({ type: "message.rate", message, rating }, { resend: false });
    } catch (error) {
      const message = error.message || gettext("Your rating was not stored.");
      speaker.say(message);
      note(message);
    }
  }

  function stop() {
    takeBack(conversation.live ?? {});
  }

  /** What to ask is only worth saying where asking works. */
  function drawEmpty() {
    empty.hidden = conversation.entries.length > 0 || assistant?.available === false;
  }

  function drawAvailability(told) {
    setText(state, availabilityText(told, socket.state === "online"));
    state.hidden = !state.textContent;
    composer.setAvailable(told?.available ?? true);
    part("simulated").hidden = !told?.simulated;
    drawEmpty();
  }

  socket.on("hello", (frame) => {
    assistant = frame.assistant;
    switcher.hello(frame);
    if (frame.limits) composer.setLimits(frame.limits);
    composer.setImages(frame.images ?? null);
    conversation.hello(frame);
    speaker.skip(conversation.entries);
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
  socket.on("turn.waiting", conversation.waiting);
  socket.on("turn.finished", (frame) => {
    conversation.finished(frame);
    emitter.emit("answered", frame);
  });
  socket.on("turn.failed", (frame) => {
    conversation.failed(frame);
    noteBudget(frame);
  });
  socket.on("message.rated", conversation.rated);
  conversation.on("gap", (from) => socket.send({ type: "turn.resume", ...from }));
  conversation.on("withdrawn", ({ askId, question, images }) => {
    if (askId) composer.giveBack(question, "", images);
  });
  followPlaces(part("log"), workspace.open);
  conversation.on("change", drawSoon);
  conversation.on("reset", drawAll);

  /** The element of a turn for proposals and questions, null while the turn is not known. */
  function cards(turn) {
    const entry = conversation.entries.find((each) => each.turn === turn);
    return entry ? turns.cards(entry) : null;
  }

  return {
    on: emitter.on,
    cards,
    focus: composer.focus,
    redrawRuns: () => redrawRuns(root),
    relinkPlaces: () => relinkPlaces(part("log"), findPath),
    showFiles: () => composer.setFiles(filesText(workspace.files())),
  };
}
