// The editor: one CodeMirror view over the open documents, with a row of open files.
import { EditorView, Transaction } from "../../vendor/codemirror.js";
import { element, icon } from "./dom.js";
import { createEmitter } from "./events.js";
import { gettext, interpolate } from "./i18n.js";
import { splitInsert } from "./largeinsert.js";

function nameOf(path) {
  return path.split("/").at(-1);
}

function isLocalChange(transaction) {
  return transaction.docChanged && !transaction.annotation(Transaction.remote);
}

/**
 * root holds [data-editor-tabs], [data-editor-view] and [data-editor-empty].
 * Events: "active" (path or null), "tabs" (paths), "problem" (message, path).
 */
export function createEditor({ root, documents }) {
  const emitter = createEmitter();
  const tabs = root.querySelector("[data-editor-tabs]");
  const place = root.querySelector("[data-editor-view]");
  const empty = root.querySelector("[data-editor-empty]");
  const scrolls = new Map();
  let paths = [];
  let active = null;
  let wanted = null;
  let shelf = 0;
  let view = null;

  function dispatchTransactions(transactions) {
    const parts = transactions.flatMap((transaction) => splitInsert(transaction) ?? [transaction]);
    view.update(parts);
    const doc = documents.get(active);
    if (!doc) return;
    if (parts.some((part) => isLocalChange(part))) doc.edited(view.state);
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
    active = doc.path;
    if (view) view.setState(doc.state);
    else view = makeView(doc.state);
    doc.view = view;
    if (scrolls.has(doc.path)) view.dispatch({ effects: scrolls.get(doc.path) });
  }

  function drawTab(path) {
    const name = nameOf(path);
    const isActive = path === active;
    const open = element(
      "button",
      { type: "button", class: "tab", title: path, "aria-current": isActive ? "true" : null },
      name,
    );
    open.addEventListener("click", () => show(path, { focus: true }));
    const label = interpolate(gettext("Close %(name)s"), { name });
    const close = element(
      "button",
      { type: "button", class: "icon-button tab-close", "aria-label": label, title: label },
      icon("close"),
    );
    close.addEventListener("click", () => closeTab(path));
    return element("li", {}, open, close);
  }

  function draw() {
    tabs.replaceChildren(...paths.map(drawTab));
    tabs.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
    place.hidden = active === null;
    empty.hidden = active !== null;
    emitter.emit("tabs", paths);
    emitter.emit("active", active);
  }

  async function show(path, { focus = false, line = null } = {}) {
    wanted = path;
    const asked = shelf;
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
    if (path !== active) {
      draw();
      return;
    }
    const next = paths[Math.min(at, paths.length - 1)];
    detach();
    if (next) show(next, { focus: true });
    else draw();
  }

  documents.on("closed", (path) => {
    if (path === active) active = null;
    scrolls.delete(path);
    const remaining = paths.filter((candidate) => candidate !== path);
    if (remaining.length === paths.length) return;
    paths = remaining;
    if (active === null && paths.length > 0) show(paths.at(-1));
    else draw();
  });

  documents.on("renamed", (from, to) => {
    paths = paths.map((path) => (path === from ? to : path));
    if (active === from) active = to;
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
    get paths() {
      return paths;
    },
  };
}
