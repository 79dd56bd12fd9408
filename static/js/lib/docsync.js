// One document kept equal with the server: CodeMirror collab, what waits kept in the browser, acknowledged means stored.
import { Compartment, EditorState } from "../../vendor/codemirror.js";
import { createChannel } from "./docchannel.js";
import { keepPending } from "./pendingstore.js";
import { ERROR } from "./protocol.js";
import { createReplica } from "./replica.js";
import { fromJson } from "./updates.js";

/**
 * makeExtensions(path) gives the editor's extensions, nextName() a name for an edit that no other has; onChange() is
 * called when unsaved() or problem may differ, onTaken({path, version, updates}) when updates of the server's order were
 * taken over. start() is given document.opened.
 */
export function createSyncedDocument(options) {
  const { path, socket, store, nextName, makeExtensions, onChange, onTaken, digest, undo } =
    options;
  const doc = { path, document: null, state: null, view: null, problem: null, isGone: false };
  const access = new Compartment();
  const readOnly = () => EditorState.readOnly.of(!writable);
  const extensions = () => [makeExtensions(doc.path), access.of(readOnly())];
  const recall = undo?.recall;
  const replica = createReplica(doc, { nextName, extensions, recall });
  const pending = keepPending(store, { document: () => doc.document, left });
  const channel = createChannel(doc, { replica, socket, changed, taken, replaced, digest });
  const whenStored = [];
  let writable = true;

  /** What a later page needs to go on from here, or null when nothing waits. */
  function left() {
    const waits = doc.state && replica.left();
    return waits && { document: doc.document, path: doc.path, ...waits };
  }

  function changed() {
    const count = replica.unsaved();
    pending.soon(count > 0);
    if (count === 0) tellStored();
    onChange();
  }

  function tellStored() {
    for (const resolve of whenStored.splice(0)) resolve();
  }

  function taken(version, updates) {
    onTaken({ path: doc.path, version, updates });
  }

  function replaced(former) {
    store.takeOver(left(), { page: store.page, document: former });
  }

  function dispatch(spec) {
    const transaction = doc.state.update(spec);
    doc.view?.dispatch(transaction);
    doc.state = transaction.state;
  }

  return Object.assign(doc, {
    ...channel,
    dispatch,
    left,
    /** For a page that goes away. */
    remember() {
      pending.last();
      if (doc.state) undo?.save(doc, replica.reached());
    },
    unsaved: replica.unsaved,
    version: replica.reached,

    start(opened) {
      doc.document = opened.document;
      replica.start(opened);
    },

    /** Resolves when nothing waits any more, or the document is gone. */
    stored() {
      if (doc.isGone || replica.unsaved() === 0) return Promise.resolve();
      return new Promise((resolve) => whenStored.push(resolve));
    },

    /**
     * Puts on top what another page left; missed is what the server holds since, null where it cannot know. Nothing
     * may wait here. Resolves once this page keeps it in the other's place.
     */
    async absorb(entry, missed) {
      const updates = fromJson(entry.updates);
      if (missed) replica.resume(updates, fromJson(missed));
      else replica.resumeOn(entry.base, updates);
      const saved = store.takeOver(left(), entry);
      changed();
      channel.push();
      await saved;
    },

    /** The editor's state moved on; local changes are sent. */
    edited(state) {
      doc.state = state;
      doc.problem = null;
      changed();
      channel.push();
    },

    /** Tries again what was refused: there may be room now. */
    retry() {
      doc.problem = null;
      channel.push();
    },

    setWritable(value) {
      writable = value;
      channel.setWritable(value);
      if (doc.problem?.code === ERROR.READ_ONLY) doc.problem = null;
      if (doc.state) dispatch({ effects: access.reconfigure(readOnly()) });
    },

    /** The document is no more. What waits goes from the store with it, unless it is kept. */
    forget({ keep = false } = {}) {
      doc.isGone = true;
      channel.close();
      tellStored();
      if (keep) pending.now();
      else pending.forget();
    },
  });
}
