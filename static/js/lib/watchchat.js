// The conversation with the assistant to look at, as it grows.
import { createConversation } from "./conversation.js";
import { setText } from "./dom.js";
import { gettext } from "./i18n.js";
import { createCards } from "./proposals/cards.js";
import { createDecisions } from "./proposals/decisions.js";
import { createTurnView } from "./turnview.js";

/** root holds [data-chat=log|empty|more|simulated]. */
export function createWatchChat({ root, socket }) {
  const conversation = createConversation();
  const part = (name) => root.querySelector(`[data-chat="${name}"]`);
  const [log, empty, more, simulated] = ["log", "empty", "more", "simulated"].map(part);
  const views = new Map();
  const dirty = new Set();
  const decisions = createDecisions({ socket });
  const cards = createCards({ decisions, cardsOf });

  function viewOf(entry) {
    if (!views.has(entry.key)) {
      const stopped = gettext("Stopped by the candidate.");
      views.set(entry.key, createTurnView({ applyFor: () => null, stopped }));
    }
    return views.get(entry.key);
  }

  function cardsOf(turn) {
    const entry = conversation.entries.find((each) => each.turn === turn);
    return entry ? viewOf(entry).cards : null;
  }

  function isAtEnd() {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  }

  function drawMore() {
    more.hidden = isAtEnd();
  }

  function keepEnd(change) {
    const wasAtEnd = isAtEnd();
    change();
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
    drawMore();
  }

  function drawDirty() {
    keepEnd(() => {
      for (const entry of dirty) viewOf(entry).update(entry);
    });
    dirty.clear();
  }

  function drawAll(entries) {
    keepEnd(() => {
      const nodes = entries.map((entry) => {
        viewOf(entry).update(entry);
        return viewOf(entry).root;
      });
      log.replaceChildren(...nodes);
      cards.drawAll();
    });
    setText(empty, entries.length > 0 ? "" : gettext("Nothing was asked yet."));
    empty.hidden = entries.length > 0;
  }

  /** The frames of an answer do not carry the question: the server's next hello does. */
  function readAnew() {
    socket.close();
    socket.open();
  }

  socket.on("hello", (frame) => {
    conversation.hello(frame);
    simulated.hidden = !frame.assistant?.simulated;
  });
  socket.on("turn.started", (frame) => {
    const isKnown = conversation.entries.some(({ turn }) => turn === frame.turn);
    conversation.started(frame);
    if (!isKnown) readAnew();
  });
  socket.on("turn.delta", conversation.delta);
  socket.on("turn.tool", conversation.tool);
  socket.on("turn.waiting", conversation.waiting);
  socket.on("turn.finished", conversation.finished);
  socket.on("turn.failed", conversation.failed);
  conversation.on("gap", (from) => socket.send({ type: "turn.resume", ...from }));
  conversation.on("change", (entry) => {
    if (dirty.size === 0) requestAnimationFrame(drawDirty);
    dirty.add(entry);
  });
  conversation.on("reset", drawAll);
  decisions.on("change", (turn) => keepEnd(() => cards.draw(turn)));
  log.addEventListener("scroll", drawMore, { passive: true });
  more.addEventListener("click", () => {
    log.scrollTop = log.scrollHeight;
  });
}
