// One document here against the server's: what is confirmed, what waits to be, in which order. It speaks to nobody.
import {
  collab,
  EditorState,
  getSyncedVersion,
  receiveUpdates,
  sendableUpdates,
  Text,
} from "../../vendor/codemirror.js";
import { insertion } from "./insertions.js";
import { difference } from "./textdiff.js";
import { asJson, asTransaction, createPassage, cut, moveOver, rebase } from "./updates.js";

// An update is ours by its name, which no other has; collab only asks whether it is.
const OWN = "own";
const OTHER = "other";

/**
 * doc is {state, view}; nextName() gives a name no other edit has, extensions() those of the editor. recall(opened) may
 * give what could be undone in this very text, as undostore.js keeps it.
 */
export function createReplica(doc, { nextName, extensions, recall = () => null }) {
  const names = new WeakMap();
  const pieces = new WeakMap();
  let base = null;
  // The server's version minus the editor's: they part where histories do not meet, or one update was several.
  let offset = 0;
  let passage = null;

  const waiting = () => (doc.state ? sendableUpdates(doc.state) : []);
  const version = () => getSyncedVersion(doc.state) + offset;

  function named(update) {
    const { origin, changes } = update;
    if (!names.has(origin)) names.set(origin, nextName());
    return { client: names.get(origin), changes, input: origin.annotation(insertion) };
  }

  function cutOf(update) {
    if (!pieces.has(update)) pieces.set(update, cut(named(update)));
    return pieces.get(update);
  }

  function dispatch(transaction) {
    doc.view?.dispatch(transaction);
    doc.state = transaction.state;
  }

  /** Takes updates over into the editor: own ones are confirmed, the others' go below what waits. */
  function integrate(updates) {
    if (updates.length === 0) return;
    const mine = waiting();
    let foreign = null;
    let own = 0;
    const told = updates.map(({ isOwn, changes }) => {
      if (!isOwn) {
        base = changes.apply(base);
        foreign = foreign ? foreign.compose(changes) : changes;
        return { clientID: OTHER, changes };
      }
      const ours = mine[own].changes;
      own += 1;
      base = (foreign ? ours.map(foreign) : ours).apply(base);
      if (foreign) foreign = foreign.map(ours, true);
      return { clientID: OWN, changes: ours };
    });
    dispatch(receiveUpdates(doc.state, told));
  }

  function endPassage() {
    const before = version() + passage.taken();
    const foreign = passage.foreign();
    passage = null;
    integrate([{ isOwn: true }, ...(foreign ? [{ isOwn: false, changes: foreign }] : [])]);
    offset += before - version();
  }

  /** Confirms own updates, in order, and rebases what waits onto the others'. They begin at reached(). */
  function accept(updates) {
    let run = [];
    let own = 0;
    for (const update of updates) {
      if (!passage) {
        const next = waiting()[own];
        const cuts = next ? cutOf(next) : [];
        const isOwn = cuts[0]?.client === update.client;
        if (!isOwn || cuts.length === 1) {
          run.push({ isOwn, changes: update.changes });
          own += Number(isOwn);
          continue;
        }
        integrate(run);
        run = [];
        own = 0;
        // What was taken over just now may have moved it.
        passage = createPassage(cutOf(waiting()[0]));
      }
      passage.take(update);
      if (passage.rest().length === 0) endPassage();
    }
    integrate(run);
  }

  /** Puts updates in as the editor's own, under the names they have. */
  function put(updates) {
    for (const update of updates) {
      const transaction = doc.state.update({ ...asTransaction(update), filter: false });
      names.set(transaction, update.client);
      dispatch(transaction);
    }
  }

  function makeState(opened, all) {
    const known = recall(opened);
    try {
      if (known) return EditorState.fromJSON(known.json, { extensions: all }, known.fields);
    } catch {
      // Kept by another version of this page, say.
    }
    return EditorState.create({ doc: opened.text, extensions: all });
  }

  return {
    dispatch,
    accept,
    version,
    unsaved: () => waiting().length,
    base: () => base,
    /** The server's version up to which its updates were taken; those after it come next. */
    reached: () => version() + (passage?.taken() ?? 0),

    /** What may travel now: {client, changes, input?} in order, made for reached(). */
    outgoing: () => passage?.rest() ?? waiting().flatMap(cutOf),

    /** What a later page needs to go on from here, or null when nothing waits. */
    left() {
      const updates = waiting().flatMap(cutOf);
      if (updates.length === 0) return null;
      return { version: version(), base: base.toString(), updates: asJson(updates) };
    },

    start(opened) {
      const config = collab({ startVersion: opened.version, clientID: OWN });
      doc.state = makeState(opened, [extensions(), config]);
      base = doc.state.doc;
      offset = 0;
      passage = null;
      doc.view?.setState(doc.state);
    },

    /** The server's text where the histories do not meet: what waits goes on top of it. */
    meet({ text, version: serverVersion }) {
      passage = null;
      if (text === doc.state.doc.toString()) {
        integrate(waiting().map(() => ({ isOwn: true })));
      } else {
        integrate([{ isOwn: false, changes: difference(base.toString(), text) }]);
      }
      base = Text.of(text.split("\n"));
      offset += serverVersion - version();
    },

    /** Takes over what another page left, moved over what the server holds since: `missed`. Nothing may wait here. */
    resume: (updates, missed) => put(rebase(updates, missed)),

    /** The same where the server knows nothing of what it was made on, but for the text that was. */
    resumeOn(text, updates) {
      const made = Text.of(text.split("\n"));
      const local = updates.reduce((known, { changes }) => changes.apply(known), made);
      if (local.eq(doc.state.doc)) return;
      put(moveOver(updates, difference(text, doc.state.doc.toString())));
    },
  };
}
