// The editor: one CodeMirror view over the open documents, with a row of open files.
import { EditorView, Transaction } from "../../vendor/codemirror.js";
import { createEditorTabs } from "./editortabs.js";
import { createEmitter } from "./events.js";
import { gettext } from "./i18n.js";

function isLocalChange(transaction) {
  return transaction.docChanged && !transaction.annotation(Transaction.remote);
}

/**
 * root holds [data-editor-tabs], [data-editor-view] and [data-editor-empty]. others are the files that are no
 * documents, and fileView shows one of them in the editor's place; without them there are none.
 * Events: "active" (path of a document or null, path that is looked at or null), "tabs" (paths), "problem" (message,
 * path).
 */
export function createEditor({ root, documents, others = null, fileView = null }) {
  const emitter = createEmitter();
  const drawTabs = createEditorTabs(root.querySelector("[data-editor-tabs]"), {
    show: (path) => show(path, { focus: true }),
    close: closeTab,
  });
  const place = root.querySelector("[data-editor-view]");
  const empty = root.querySelector("[data-editor-empty]");
  const scrolls = new Map();
  let paths = [];
  let active = null;
  // Open files that are no documents, and the one that is looked at instead of a document.
  const viewed = new Set();
  let looked = null;
  let wanted = null;
  let shelf = 0;
  let view = null;

  function dispatchTransactions(transactions) {
    view.update(transactions);
    const doc = documents.get(active);
    if (!doc) return;
    if (transactions.some(isLocalChange)) doc.edited(view.state);
    else doc.state = view.state;
  }

  function makeView(state) {
    return new EditorView({ state, parent: place, dispatchTransactions });
  }

  function detach() {
    const doc = active && documents.get(active);
    if (doc && view) {
      scrolls.set(active, view.scrollSnapshot());
      doc.view = null;
    }
    active = null;
  }

  function attach(doc) {
    detach();
    looked = null;
    active = doc.path;
    if (view) view.setState(doc.state);
    else view = makeView(doc.state);
    doc.view = view;
    if (scrolls.has(doc.path)) view.dispatch({ effects: scrolls.get(doc.path) });
  }

  function draw() {
    drawTabs(paths, looked ?? active);
    place.hidden = active === null;
    empty.hidden = active !== null || looked !== null;
    fileView?.show(looked && others.get(looked));
    emitter.emit("tabs", paths);
    emitter.emit("active", active, looked ?? active);
  }

  function look(path) {
    detach();
    looked = path;
    viewed.add(path);
    if (!paths.includes(path)) paths = [...paths, path];
    draw();
  }

  async function show(path, { focus = false, line = null } = {}) {
    wanted = path;
    const asked = shelf;
    if (others?.get(path)) {
      look(path);
      return;
    }
    try {
      const doc = await documents.open(path);
      if (asked !== shelf) return;
      if (!paths.includes(path)) paths = [...paths, path];
      if (wanted !== path) return;
      if (active !== path) attach(doc);
      draw();
      if (line) goTo(line);
      if (focus) view.focus();
    } catch (error) {
      emitter.emit("problem", error.message || gettext("The file could not be opened."), path);
    }
  }

  function goTo(line) {
    const at = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines))).from;
    view.dispatch({
      selection: { anchor: at },
      effects: EditorView.scrollIntoView(at, { y: "center" }),
    });
  }

  function closeTab(path) {
    const at = paths.indexOf(path);
    if (at < 0) return;
    paths = paths.filter((candidate) => candidate !== path);
    if (path !== (looked ?? active)) {
      draw();
      return;
    }
    const next = paths[Math.min(at, paths.length - 1)];
    detach();
    looked = null;
    if (next) show(next, { focus: true });
    else draw();
  }

  documents.on("closed", (path) => {
    if (path === active) active = null;
    if (path === looked) looked = null;
    scrolls.delete(path);
    const remaining = paths.filter((candidate) => candidate !== path);
    if (remaining.length === paths.length) return;
    paths = remaining;
    showLast();
  });

  function showLast() {
    if (active === null && looked === null && paths.length > 0) show(paths.at(-1));
    else draw();
  }

  /** What was looked at went, or became a document, or got another content. */
  others?.on("list", () => {
    const isDocument = (path) => documents.entries.some((entry) => entry.path === path);
    const gone = [...viewed].filter((path) => !others.get(path));
    const wasLooked = gone.includes(looked);
    for (const path of gone) viewed.delete(path);
    paths = paths.filter((path) => !gone.includes(path) || isDocument(path));
    if (wasLooked) {
      looked = null;
      showLast();
    } else if (gone.length > 0 || looked !== null) draw();
  });

  documents.on("renamed", (from, to) => {
    paths = paths.map((path) => (path === from ? to : path));
    if (active === from) active = to;
    if (looked === from) looked = to;
    if (viewed.delete(from)) viewed.add(to);
    draw();
  });

  return {
    on: emitter.on,
    show,
    closeTab,
    /** The open files of a section, the one to look at among them. */
    async restore(list, path) {
      // What is still being opened belongs to the files that stood here before.
      shelf += 1;
      detach();
      looked = null;
      paths = list;
      draw();
      if (path) await show(path);
    },
    focus: () => view?.focus(),
    goTo,
    cursorLine() {
      return view && active ? view.state.doc.lineAt(view.state.selection.main.head).number : 1;
    },
    get active() {
      return active;
    },
    /** Those of documents. */
    get paths() {
      return paths.filter((path) => !viewed.has(path));
    },
  };
}
