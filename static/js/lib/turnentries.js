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

/** What an answer took; the server tells it only to those who may see it. */
export function taken({ usage, cost_usd }) {
  return usage ? { tokens: usage.total_tokens, costUsd: cost_usd } : {};
}

export function fromMessages(messages) {
  const entries = new Map();
  for (const message of messages) {
    const key = message.turn ?? message.id;
    const entry = entries.get(key) ?? { key, turn: message.turn, question: null, answer: "" };
    entry.conversation = message.conversation ?? null;
    entry.state = STATES[message.state] ?? "complete";
    if (message.error) entry.error = { ...message.error, retryable: true };
    if (message.role === "user") entry.question = message.text;
    else {
      const { id, text, stop_reason, simulated, rating = null } = message;
      const answer = { answer: text, message: id, stopReason: stop_reason, simulated, rating };
      Object.assign(entry, answer, taken(message));
    }
    entries.set(key, entry);
  }
  return [...entries.values()].filter(({ stopReason }) => stopReason !== "withdrawn");
}
