// Updates as they travel: each has a name of its own, each fits one message; what is larger travels in pieces.
import { ChangeSet, Text } from "../../vendor/codemirror.js";
import { insertion } from "./insertions.js";
import { LIMITS } from "./protocol.js";

// What one change costs beside its text, in characters of JSON.
const CHANGE_CHARS = 24;
const MOST_UPDATES = 1_000;

/** Updates here are {client, changes, input?}; in frames `changes` is JSON. */
export function asJson(updates) {
  return updates.map(({ client, changes, input }) => {
    return { client, changes: changes.toJSON(), ...(input && { input }) };
  });
}

export function fromJson(updates) {
  return updates.map((update) => ({ ...update, changes: ChangeSet.fromJSON(update.changes) }));
}

/** The text a list of updates in JSON makes of another. */
export function textAfter(base, updates) {
  const made = Text.of(base.split("\n"));
  return fromJson(updates)
    .reduce((text, { changes }) => changes.apply(text), made)
    .toString();
}

/** A transaction that makes an update again, with what is known of how its text came in. */
export function asTransaction({ changes, input }) {
  return { changes, annotations: input ? [insertion.of(input)] : [] };
}

function weigh(changes) {
  let weight = 0;
  changes.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => {
    weight += CHANGE_CHARS + inserted.length;
  }, true);
  return weight;
}

/** The first units of a text, never half a surrogate pair. */
function head(text, size) {
  const last = text.charCodeAt(size - 1);
  const isCut = size < text.length && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isCut ? size - 1 : size);
}

/** Change sets that together do what one does, each light enough to travel. The same cut every time. */
function cutChanges(changes, limit) {
  const parts = [];
  let specs = [];
  let weight = 0;
  let length = changes.length;
  let shift = 0;

  function close() {
    const part = ChangeSet.of(specs, length);
    parts.push(part);
    shift += part.newLength - part.length;
    length = part.newLength;
    specs = [];
    weight = 0;
  }

  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    let rest = inserted.toString();
    let from = fromA;
    do {
      if (limit - weight <= CHANGE_CHARS + 1) close();
      const text = head(rest, limit - weight - CHANGE_CHARS);
      specs.push({ from: from + shift, to: toA + shift, insert: Text.of(text.split("\n")) });
      weight += CHANGE_CHARS + text.length;
      rest = rest.slice(text.length);
      from = toA;
      if (rest) close();
    } while (rest);
  }, true);
  close();
  return parts;
}

/** An update as it travels: itself, or pieces named after it. */
export function cut(update, limit = LIMITS.PIECE_CHARS) {
  if (weigh(update.changes) <= limit) return [update];
  return cutChanges(update.changes, limit).map((changes, number) => {
    return { ...update, client: `${update.client}/${number}`, changes };
  });
}

/** As many updates as fit one message; always at least one. */
export function takeBatch(updates, limit = LIMITS.UPDATE_CHARS) {
  const batch = [];
  let size = 0;
  for (const update of updates) {
    const [json] = asJson([update]);
    size += JSON.stringify(json).length;
    if (batch.length > 0 && (size > limit || batch.length === MOST_UPDATES)) break;
    batch.push(update);
  }
  return batch;
}

/** Updates as they are after a change made where they begin. */
export function moveOver(updates, changes) {
  let over = changes;
  return updates.map((update) => {
    const moved = update.changes.map(over);
    over = over.map(update.changes, true);
    return { ...update, changes: moved };
  });
}

/** Updates as they are after those the server took since: without what is among them. */
export function rebase(updates, since) {
  const places = new Map(updates.map(({ client }, place) => [client, place]));
  let next = 0;
  let over = null;
  for (const { client, changes } of since) {
    const place = places.get(client) ?? -1;
    if (place < next) {
      over = over ? over.compose(changes) : changes;
      continue;
    }
    // One before it that is not among them had come to nothing when it was to be sent.
    for (const own of updates.slice(next, place + 1)) over = over?.map(own.changes, true);
    next = place + 1;
  }
  const rest = updates.slice(next);
  return over ? moveOver(rest, over) : rest;
}

/**
 * A large update while its pieces travel. Others may write between them, so the document waits for the last piece:
 * then the update is confirmed as a whole and `foreign` is what they did, as it is after it.
 */
export function createPassage(pieces) {
  let rest = pieces;
  let foreign = null;
  let taken = 0;

  return {
    rest: () => rest,
    foreign: () => foreign,
    /** Updates of the server's order that were taken. */
    taken: () => taken,
    take(update) {
      taken += 1;
      if (update.client === rest[0].client) {
        rest = rest.slice(1);
        return;
      }
      const over = rest.reduce(
        (changes, piece) => changes.map(piece.changes, true),
        update.changes,
      );
      rest = moveOver(rest, update.changes);
      foreign = foreign ? foreign.compose(over) : over;
    },
  };
}
