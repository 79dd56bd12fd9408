// The turns of a conversation as the page knows them; frames in, changes out. No DOM here.
import { createEmitter } from "./events.js";

const LIVE = new Set(["asking", "queued", "thinking", "streaming"]);

export function isLive(entry) {
  return LIVE.has(entry.state);
}

/** The server's word for where a turn stands; a running one that nobody streams was cut off. */
const STATES = {
  finished: "complete",
  stopped: "stopped",
  failed: "failed",
  interrupted: "interrupted",
  queued: "interrupted",
  running: "interrupted",
};

/** What an answer took; the server tells it only to those who may see it. */
function taken({ usage, cost_usd }) {
  return usage ? { tokens: usage.total_tokens, costUsd: cost_usd } : {};
}

function fromMessages(messages) {
  const entries = new Map();
  for (const message of messages) {
    const key = message.turn ?? message.id;
    const entry = entries.get(key) ?? { key, turn: message.turn, question: null, answer: "" };
    entry.state = STATES[message.state] ?? "complete";
    if (message.error) entry.error = { ...message.error, retryable: true };
    if (message.role === "user") entry.question = message.text;
    else {
      const { text, stop_reason, simulated } = message;
      Object.assign(entry, { answer: text, stopReason: stop_reason, simulated, ...taken(message) });
    }
    entries.set(key, entry);
  }
  return [...entries.values()];
}

/** Characters outside and inside closed fences, which have limits of their own; counted as the server does. */
export function measureMessage(text) {
  let code = 0;
  for (const [block] of text.matchAll(/^(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm))
    code += block.length;
  return { prose: text.length - code, code };
}

/** Events: "reset" (entries), "change" (entry), "gap" ({turn, offset}): the server must be asked to resume. */
export function createConversation() {
  const emitter = createEmitter();
  let entries = [];

  const byTurn = (turn) => entries.find((entry) => entry.turn === turn);
  const byAsk = (id) => id && entries.find((entry) => entry.askId === id);

  function change(entry, values) {
    if (!entry) return;
    Object.assign(entry, values);
    emitter.emit("change", entry);
  }

  function reset(list) {
    entries = list;
    emitter.emit("reset", entries);
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
      return entries;
    },
    get live() {
      return entries.findLast(isLive) ?? null;
    },

    /** What the server holds, plus what was asked here and has no turn yet. */
    hello({ messages, live }) {
      const known = fromMessages(messages);
      for (const entry of known) {
        const before = byTurn(entry.turn);
        if (before)
          Object.assign(entry, { key: before.key, askId: before.askId, fresh: before.fresh });
        if (live && live.turn === entry.turn) {
          const state = live.text ? "streaming" : "thinking";
          Object.assign(entry, { state, answer: live.text });
        }
      }
      const waiting = entries.filter((entry) => entry.askId && !entry.turn);
      reset([...known, ...waiting]);
    },

    ask(id, question) {
      const entry = {
        key: id,
        askId: id,
        turn: null,
        question,
        answer: "",
        state: "asking",
        fresh: true,
      };
      reset([...entries, entry]);
      return entry;
    },

    queued(frame) {
      merge(frame);
      change(byAsk(frame.id), {
        turn: frame.turn ?? null,
        state: "queued",
        position: frame.position ?? null,
      });
    },

    /** Also told when an answer is followed again, and of questions asked in another window. */
    started(frame) {
      merge(frame);
      const { turn, simulated, model } = frame;
      const entry = byAsk(frame.id) || byTurn(turn);
      if (!entry) {
        const other = { key: turn, turn, question: null, answer: "", simulated, state: "thinking" };
        reset([...entries, other]);
        return;
      }
      change(entry, { turn, simulated, model, state: entry.answer ? "streaming" : "thinking" });
    },

    delta({ turn, offset, text }) {
      const entry = byTurn(turn);
      if (!entry) return;
      if (offset > entry.answer.length) {
        emitter.emit("gap", { turn, offset: entry.answer.length });
        return;
      }
      const fresh = text.slice(entry.answer.length - offset);
      if (fresh) change(entry, { answer: entry.answer + fresh, state: "streaming", tool: null });
    },

    tool({ turn, name, state, summary }) {
      change(byTurn(turn), { tool: state === "finished" ? null : (summary ?? name) });
    },

    finished({ turn, stop_reason, text_length, ...rest }) {
      const entry = byTurn(turn);
      if (!entry) return;
      if (text_length !== undefined && text_length > entry.answer.length) {
        emitter.emit("gap", { turn, offset: entry.answer.length });
      }
      const state = stop_reason === "stopped" ? "stopped" : "complete";
      change(entry, { state, stopReason: stop_reason, tool: null, ...taken(rest) });
    },

    failed({ turn, usage, cost_usd, ...error }) {
      change(byTurn(turn), { state: "failed", error, tool: null, ...taken({ usage, cost_usd }) });
    },

    /** The ask itself was refused: it leaves the conversation, its words go back to the box. */
    withdraw(id) {
      const entry = byAsk(id);
      reset(entries.filter((candidate) => candidate !== entry));
      return entry;
    },
  };
}
