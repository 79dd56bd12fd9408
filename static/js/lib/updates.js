// Collab updates as they travel in frames.
import { ChangeSet } from "../../vendor/codemirror.js";
import { insertion } from "./insertions.js";
import { LIMITS } from "./protocol.js";
import { singleReplacement } from "./textdiff.js";

export function asJson(updates) {
  return updates.map(({ clientID, changes, origin }) => {
    const input = origin?.annotation(insertion);
    return { client: clientID, changes: changes.toJSON(), ...(input && { input }) };
  });
}

export function fromJson(updates) {
  return updates.map(({ client, changes, input }) => ({
    clientID: client,
    changes: ChangeSet.fromJSON(changes),
    input,
  }));
}

/** A transaction that makes an update again, with what is known of how its text came in. */
export function asTransaction({ changes, input }) {
  return { changes, annotations: input ? [insertion.of(input)] : [] };
}

/** As many updates as fit one message; always at least one. */
export function takeBatch(updates, limit = LIMITS.UPDATE_CHARS) {
  const batch = [];
  let size = 0;
  for (const update of asJson(updates)) {
    size += JSON.stringify(update).length;
    if (batch.length > 0 && size > limit) break;
    batch.push(update);
  }
  return batch;
}

/** Updates that bring a document to a text some versions later: the whole difference, then empty ones. */
export function catchUp(doc, text, steps) {
  const change = singleReplacement(doc.toString(), text);
  const changes = ChangeSet.of(change ?? [], doc.length);
  const rest = { clientID: "server", changes: ChangeSet.empty(changes.newLength) };
  return [{ clientID: "server", changes }, ...Array(steps - 1).fill(rest)];
}
