// One document kept equal with the server: CodeMirror collab, one update in flight, acknowledged means stored.
import {
  Compartment,
  collab,
  EditorState,
  getSyncedVersion,
  receiveUpdates,
  sendableUpdates,
} from "../../vendor/codemirror.js";
import { keepPending } from "./pendingstore.js";
import { ERROR } from "./protocol.js";
import { singleReplacement } from "./textdiff.js";
import { asJson, asTransaction, catchUp, fromJson, takeBatch } from "./updates.js";

const RETRY_MS = 2_000;
const CONFLICT_WAIT_MS = 4_000;
const MOST_CATCH_UP = 5_000;

/**
 * makeExtensions(path) gives the editor's extensions; onChange() is called when unsaved() or problem() may differ.
 * start() is given document.opened and what a former page left in the store.
 */
export function createSyncedDocument({ path, socket, store, clientId, makeExtensions, onChange }) {
  const doc = { path, state: null, view: null, problem: null };
  const access = new Compartment();
  let base = null;
  let inflight = false;
  let conflict = null;
  let writable = true;
  let retryTimer = null;

  const unsaved = () => (doc.state ? sendableUpdates(doc.state).length : 0);
  const readOnly = () => EditorState.readOnly.of(!writable);
  const version = () => getSyncedVersion(doc.state);

  function dispatch(spec) {
    if (doc.view) doc.view.dispatch(spec);
    else doc.state = doc.state.update(spec).state;
  }

  function build(text, startVersion, client = clientId) {
    const config = collab({ startVersion, clientID: client });
    const extensions = [makeExtensions(doc.path), config, access.of(readOnly())];
    doc.state = EditorState.create({ doc: text, extensions });
    base = doc.state.doc;
  }

  function left() {
    const updates = doc.state ? sendableUpdates(doc.state) : [];
    if (updates.length === 0) return null;
    const entry = { version: version(), base: base.toString(), updates: asJson(updates) };
    return { ...entry, client: updates[0].clientID };
  }

  const pending = keepPending(store, { path: () => doc.path, left });

  function changed() {
    pending.soon(unsaved() > 0);
    onChange();
  }

  /** Updates in the server's order, the client's own among them: own ones are confirmed, others rebased onto. */
  function integrate(updates) {
    if (updates.length === 0) return;
    for (const { changes } of updates) base = changes.apply(base);
    dispatch(receiveUpdates(doc.state, updates));
    changed();
  }

  function replaceText(text) {
    const change = singleReplacement(doc.state.doc.toString(), text);
    if (change) dispatch({ changes: change });
  }

  /** The server's text with the local one as a change on top: nothing typed is lost when histories do not meet. */
  function rebuild(opened, localText) {
    const view = doc.view;
    build(opened.text, opened.version);
    view?.setState(doc.state);
    replaceText(localText);
    changed();
  }

  function adopt(opened) {
    const steps = opened.version - version();
    if (steps === 0) return;
    if (steps < 0 || steps > MOST_CATCH_UP) rebuild(opened, doc.state.doc.toString());
    else if (unsaved() === 0) integrate(catchUp(doc.state.doc, opened.text, steps));
  }

  const fetchAnew = () =>
    socket.request({ type: "document.open", path: doc.path }, { resend: false });

  async function resync() {
    clearTimeout(conflict);
    conflict = null;
    adopt(await fetchAnew());
    await push();
  }

  /** The server named no changes to rebase onto. */
  async function conflictUnanswered() {
    conflict = null;
    rebuild(await fetchAnew(), doc.state.doc.toString());
    await push();
  }

  function refused(error) {
    if (error.code === ERROR.DISCONNECTED) return;
    if (error.code === ERROR.VERSION_CONFLICT) {
      conflict = setTimeout(() => conflictUnanswered().catch(refused), CONFLICT_WAIT_MS);
      return;
    }
    if (!error.retryable) doc.problem = error;
    else retryTimer = setTimeout(push, (error.retryAfter ?? 0) * 1000 || RETRY_MS);
    onChange();
  }

  async function push() {
    clearTimeout(retryTimer);
    if (inflight || conflict || doc.problem || !writable || !doc.state) return;
    const waiting = sendableUpdates(doc.state);
    if (waiting.length === 0 || socket.state !== "online") return;
    inflight = true;
    const from = version();
    const updates = takeBatch(waiting);
    const frame = { type: "document.update", path: doc.path, version: from, updates };
    try {
      await socket.request(frame, { resend: false });
      if (version() === from) integrate(waiting.slice(0, updates.length));
    } catch (error) {
      refused(error);
      return;
    } finally {
      inflight = false;
    }
    await push();
  }

  return Object.assign(doc, {
    unsaved,
    version,
    push,
    resync,
    dispatch,
    remember: pending.now,

    start(opened, former) {
      if (!former) {
        build(opened.text, opened.version);
        return;
      }
      const updates = fromJson(former.updates);
      build(former.base, former.version, former.client);
      for (const update of updates) dispatch(asTransaction(update));
      const met = former.version === opened.version ? former.base === opened.text : true;
      if (!met || former.version > opened.version) rebuild(opened, doc.state.doc.toString());
      changed();
    },

    /** document.updates from the server; a gap is closed by opening anew, what is known already is skipped. */
    receive(frame) {
      const known = version() - frame.version;
      clearTimeout(conflict);
      conflict = null;
      if (known < 0) return resync();
      integrate(fromJson(frame.updates.slice(known)));
      return push();
    },

    /** The editor's state moved on; local changes are sent. */
    edited(state) {
      doc.state = state;
      doc.problem = null;
      changed();
      push();
    },

    setWritable(value) {
      writable = value;
      if (value && doc.problem?.code === ERROR.READ_ONLY) doc.problem = null;
      if (doc.state) dispatch({ effects: access.reconfigure(readOnly()) });
    },

    forget() {
      clearTimeout(retryTimer);
      clearTimeout(conflict);
      pending.forget();
    },

    renamed(to) {
      store.drop(doc.path);
      doc.path = to;
      changed();
    },
  });
}
