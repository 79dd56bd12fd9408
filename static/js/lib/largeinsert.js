// A paste larger than one message may carry is made of several changes, each of which may travel alone.
import { isolateHistory, Transaction } from "../../vendor/codemirror.js";
import { insertion } from "./insertions.js";
import { LIMITS } from "./protocol.js";

function onlyChange(transaction) {
  const found = [];
  transaction.changes.iterChanges((from, to, _fromB, _toB, inserted) => {
    found.push({ from, to, inserted });
  });
  return found.length === 1 ? found[0] : null;
}

function pieces(text, size) {
  const parts = [];
  let at = 0;
  while (at < text.length) {
    let end = Math.min(text.length, at + size);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

/** The same edit as a chain of transactions, or null when it is small enough as it is. */
export function splitInsert(transaction, size = LIMITS.PIECE_CHARS) {
  if (!transaction.docChanged || transaction.annotation(Transaction.remote)) return null;
  const change = onlyChange(transaction);
  if (!change || change.inserted.length <= size) return null;
  const chain = [];
  let state = transaction.startState;
  let { from, to } = change;
  // Typing is what the history joins: one Undo takes the whole paste back, and nothing before it.
  const userEvent = "input.type.paste";
  const note = transaction.annotation(insertion);
  for (const insert of pieces(change.inserted.toString(), size)) {
    const end = from + insert.length;
    const annotations = note ? [insertion.of(note)] : [];
    if (chain.length === 0) annotations.push(isolateHistory.of("before"));
    const selection = { anchor: end };
    const changes = { from, to, insert };
    const next = state.update({ changes, selection, userEvent, annotations });
    chain.push(next);
    state = next.state;
    from = end;
    to = end;
  }
  return chain;
}
