// The entries of a conversation from what the server holds. No DOM here.

/** The server's word for where a turn stands; a running one that nobody streams was cut off. */
const STATES = {
  finished: "complete",
  stopped: "stopped",
  failed: "failed",
  interrupted: "interrupted",
  waiting: "interrupted",
  queued: "interrupted",
  running: "interrupted",
};

/** Where an answer stands that is being written, as hello has it. */
export function liveState({ is_waiting, text }) {
  if (is_waiting) return "waiting";
  return text ? "streaming" : "thinking";
}

/** What an answer took; the server tells it only to those who may see it. */
export function taken({ usage, cost_usd }) {
  return usage ? { tokens: usage.total_tokens, costUsd: cost_usd } : {};
}

/** What tools did, by turn, from frames as hello has them: each knows the place in the answer it belongs to. */
function toolsByTurn(frames) {
  const found = new Map();
  for (const frame of Object.values(frames).flat())
    found.set(frame.turn, withTool(found.get(frame.turn), frame, 0));
  return found;
}

/** The tools of an answer with what a frame says of one; a new one stands where the answer is now. */
export function withTool(tools = [], { call, name, state, title, detail, offset }, length) {
  const before = tools.find((tool) => tool.call === call);
  const place = before?.offset ?? offset ?? length;
  const tool = { call, name, state, title, detail: detail ?? before?.detail, offset: place };
  return before ? tools.map((each) => (each === before ? tool : each)) : [...tools, tool];
}

/** Entries without those that a later question took the place of; that one has them as earlier, oldest first. */
export function placeReplacements(entries) {
  const byTurn = new Map(entries.map((entry) => [entry.turn, entry]));
  const gone = new Set();
  const earlierOf = (entry) => {
    const before = entry.replaces && byTurn.get(entry.replaces);
    return before ? [...earlierOf(before), before] : [];
  };
  for (const entry of entries) {
    entry.earlier = earlierOf(entry);
    for (const before of entry.earlier) gone.add(before);
  }
  return entries.filter((entry) => !gone.has(entry));
}

export function fromMessages(messages, toolFrames = {}) {
  const tools = toolsByTurn(toolFrames);
  const entries = new Map();
  for (const message of messages) {
    const key = message.turn ?? message.id;
    const entry = entries.get(key) ?? { key, turn: message.turn, question: null, answer: "" };
    entry.conversation = message.conversation ?? null;
    entry.state = STATES[message.state] ?? "complete";
    if (message.error) entry.error = { ...message.error, retryable: true };
    entry.tools = tools.get(message.turn) ?? [];
    if (message.role === "user") {
      const { text, images = [], replaces = null, created_at } = message;
      Object.assign(entry, { question: text, images, replaces, askedAt: created_at });
    } else {
      const { id, text, stop_reason, simulated, rating = null } = message;
      const answer = { answer: text, message: id, stopReason: stop_reason, simulated, rating };
      Object.assign(entry, answer, taken(message));
    }
    entries.set(key, entry);
  }
  const list = [...entries.values()];
  const replaced = new Set(list.map(({ replaces }) => replaces));
  // A question that was taken back is gone, unless it was only put in other words.
  return list.filter(({ stopReason, turn }) => stopReason !== "withdrawn" || replaced.has(turn));
}
