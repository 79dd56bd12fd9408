// The turns of a conversation as the page knows them; frames in, changes out. No DOM here.
import { createEmitter } from "./events.js";
import { fromMessages, liveState, placeReplacements, taken, withTool } from "./turnentries.js";

const LIVE = new Set(["asking", "waiting", "queued", "thinking", "streaming"]);

export function isLive(entry) {
  return LIVE.has(entry.state);
}

/** How long ago a question was asked, in milliseconds. */
function agoOf({ askedAt }, serverTime) {
  return Math.max(0, Date.parse(serverTime) - Date.parse(askedAt)) || 0;
}

/** Only the last question can be edited, once the server has it. */
function markEditable(list) {
  for (const entry of list)
    entry.isEditable = entry === list.at(-1) && Boolean(entry.turn && entry.question);
  return list;
}

/** Characters outside and inside closed fences, which have limits of their own; counted as the server does. */
export function measureMessage(text) {
  let code = 0;
  for (const [block] of text.matchAll(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm))
    code += block.length;
  return { prose: text.length - code, code };
}

/**
 * Events: "reset" (entries), "change" (entry), "gap" ({turn, offset}): the server must be asked to resume;
 * "withdrawn" (entry): a question that waited was taken back. With one conversation selected only its entries are told.
 */
export function createConversation({ now = () => performance.now() } = {}) {
  const emitter = createEmitter();
  let entries = [];
  let selected = null;

  const isShown = ({ conversation }) => !selected || !conversation || conversation === selected;
  const shown = () => markEditable(placeReplacements(entries.filter(isShown)));
  const byTurn = (turn) => entries.find((entry) => entry.turn === turn);
  const byAsk = (id) => id && entries.find((entry) => entry.askId === id);

  function change(entry, values) {
    if (!entry) return;
    // How long the model has been thinking is counted from here.
    if (values.state === "thinking" && entry.state !== "thinking") entry.since = now();
    Object.assign(entry, values);
    shown();
    if (isShown(entry)) emitter.emit("change", entry);
  }

  function reset(list) {
    entries = list;
    emitter.emit("reset", shown());
  }

  /** A repeated ask attaches to a turn that may be known already: then there is one entry, not two. */
  function merge({ id, turn }) {
    const mine = byAsk(id);
    const twin = turn && byTurn(turn);
    if (!mine || !twin || mine === twin) return;
    Object.assign(twin, { askId: id, fresh: mine.fresh, key: mine.key });
    reset(entries.filter((entry) => entry !== mine));
  }

  return {
    on: emitter.on,
    get entries() {
      return shown();
    },
    /** The answer being written, before any question that waits behind it. */
    get live() {
      return shown().find(isLive) ?? null;
    },
    /** One question may wait; another has no place. */
    get isFull() {
      return entries.filter((entry) => isShown(entry) && isLive(entry)).length > 1;
    },

    select(conversation) {
      selected = conversation;
      reset(entries);
    },

    /** What the server holds, plus what was asked here and has no turn yet. */
    hello({ messages, live, lives = live ? [live] : [], tools, server_time }) {
      const known = fromMessages(messages, tools);
      for (const entry of known) {
        const before = byTurn(entry.turn);
        if (before)
          Object.assign(entry, { key: before.key, askId: before.askId, fresh: before.fresh });
        const going = lives.find(({ turn }) => turn === entry.turn);
        if (!going) continue;
        const since = before?.since ?? now() - agoOf(entry, server_time);
        Object.assign(entry, { state: liveState(going), answer: going.text, since });
      }
      const waiting = entries.filter((entry) => entry.askId && !entry.turn);
      reset([...known, ...waiting]);
    },

    /** replaces is the turn whose question was edited; images are those sent along, as the server described them. */
    ask(id, question, { conversation = selected, replaces = null, images = [] } = {}) {
      const known = { key: id, askId: id, turn: null, question, conversation, replaces, images };
      const entry = { ...known, answer: "", state: "asking", fresh: true };
      reset([...entries, entry]);
      return entry;
    },

    queued(frame) {
      merge(frame);
      const entry = byAsk(frame.id);
      change(entry, {
        turn: frame.turn ?? null,
        conversation: frame.conversation ?? entry?.conversation,
        state: frame.is_waiting ? "waiting" : "queued",
        position: frame.position ?? null,
      });
    },

    /** Also told when an answer is followed again, and of questions asked in another window. */
    started(frame) {
      merge(frame);
      const { turn, simulated, model, conversation = null, replaces = null } = frame;
      const [question, images] = [frame.question || null, frame.images ?? []];
      const fallbackFrom = frame.fallback_from ?? null;
      const entry = byAsk(frame.id) || byTurn(turn);
      if (!entry) {
        const other = { key: turn, turn, conversation, question, images, answer: "", replaces };
        const begun = { ...other, simulated, model, fallbackFrom, state: "thinking", since: now() };
        reset([...entries, begun]);
        return;
      }
      const state = entry.answer ? "streaming" : "thinking";
      change(entry, { turn, simulated, model, fallbackFrom, state });
    },

    delta({ turn, offset, text }) {
      const entry = byTurn(turn);
      if (!entry) return;
      if (offset > entry.answer.length) {
        emitter.emit("gap", { turn, offset: entry.answer.length });
        return;
      }
      const fresh = text.slice(entry.answer.length - offset);
      if (fresh) change(entry, { answer: entry.answer + fresh, state: "streaming" });
    },

    /** What a tool does; once it is done the model goes on thinking. */
    tool(frame) {
      const entry = byTurn(frame.turn);
      if (!entry) return;
      const tools = withTool(entry.tools, frame, entry.answer.length);
      if (!isLive(entry)) change(entry, { tools });
      else change(entry, { tools, state: frame.state === "running" ? "streaming" : "thinking" });
    },

    /** The next call of an answer waits for a place; with no seconds left it goes on. */
    waiting({ turn, seconds }) {
      const entry = byTurn(turn);
      if (entry && isLive(entry)) change(entry, { state: seconds > 0 ? "queued" : "thinking" });
    },

    finished({ turn, message, stop_reason, text_length, ...rest }) {
      const entry = byTurn(turn);
      if (!entry) return;
      const isReplaced = entries.some(({ replaces }) => replaces === turn);
      if (stop_reason === "withdrawn" && !isReplaced) {
        reset(entries.filter((other) => other !== entry));
        emitter.emit("withdrawn", entry);
        return;
      }
      if (text_length !== undefined && text_length > entry.answer.length) {
        emitter.emit("gap", { turn, offset: entry.answer.length });
      }
      const state = ["stopped", "withdrawn"].includes(stop_reason) ? "stopped" : "complete";
      // What a dead server said and nobody stored is not part of the answer.
      const answer = entry.answer.slice(0, text_length);
      change(entry, { state, message, answer, stopReason: stop_reason, ...taken(rest) });
    },

    failed({ turn, usage, cost_usd, text_length, ...error }) {
      const answer = byTurn(turn)?.answer.slice(0, text_length);
      change(byTurn(turn), { state: "failed", error, answer, ...taken({ usage, cost_usd }) });
    },

    rated({ message, rating }) {
      const entry = message && entries.find((each) => each.message === message);
      change(entry, { rating });
    },

    /** The ask itself was refused: it leaves the conversation, its words go back to the box. */
    withdraw(id) {
      const entry = byAsk(id);
      reset(entries.filter((candidate) => candidate !== entry));
      return entry;
    },
  };
}
