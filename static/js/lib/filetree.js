// The files of one section as a tree: to open, make, rename, move and delete, all from the keyboard too.
import { setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { isAt, treeRows } from "./paths.js";
import { createTreeAsks } from "./treeasks.js";
import { createTreeForm } from "./treeform.js";
import { createLetters, readTreeKey } from "./treekeys.js";
import { createTreeView } from "./treeview.js";

const BUTTONS = ["create", "rename", "remove"];

/**
 * root holds [data-tree], [data-tree-action=create|rename|remove], [data-tree-form], [data-tree-folder],
 * [data-tree-more] and [data-tree-empty]. actions are those of fileactions.js, others the files that are no documents. open(path) shows a
 * file, download(path) gives it.
 */
export function createFileTree({ root, documents, others, actions, open, download }) {
  const list = root.querySelector("[data-tree]");
  const more = root.querySelector("[data-tree-more]");
  const collapsed = new Set();
  const letters = createLetters();
  let folder = "";
  let active = null;
  let current = null;
  let isWritable = true;
  let rows = [];

  const button = (name) => root.querySelector(`[data-tree-action="${name}"]`);
  const entries = () => [...documents.entries, ...others.entries];
  const files = () => ({ folder, entries: entries().filter(({ path }) => isAt(path, folder)) });
  const rowOf = (path) => rows.find((row) => row.path === path);
  /** What is not kept is on the runner's disk only: nothing but a command moves it. */
  const canMove = (row) => isWritable && Boolean(row) && row.entry?.hash !== "";
  const canDo = {
    create: () => isWritable,
    rename: canMove,
    move: canMove,
    remove: (row) => isWritable && Boolean(row),
  };
  const form = createTreeForm(root.querySelector("[data-tree-form]"), { done: () => go(current) });
  const asks = createTreeAsks({ form, files, actions, moveTo, open });
  const view = createTreeView(list, { pick, items });

  function draw() {
    rows = treeRows(files().entries, folder, collapsed);
    if (!rowOf(current)) current = rowOf(active)?.path ?? rows[0]?.path ?? null;
    const hadFocus = list.contains(document.activeElement);
    view.draw(rows, { current, active, isWritable });
    if (hadFocus && !list.contains(document.activeElement)) view.focus(current);
    for (const name of BUTTONS) {
      button(name).disabled = !canDo[name](rowOf(current));
    }
    list.hidden = rows.length === 0;
    root.querySelector("[data-tree-empty]").hidden = rows.length > 0;
    more.hidden = others.unlisted === 0;
    const words = ngettext("and %(n)s more file", "and %(n)s more files", others.unlisted);
    setText(more, interpolate(words, { n: others.unlisted }));
  }

  function go(path) {
    current = path;
    draw();
    view.focus(current);
  }

  function toggle(path) {
    if (!collapsed.delete(path)) collapsed.add(path);
    go(path);
  }

  function pick(path) {
    if (rowOf(path)?.isFolder) {
      toggle(path);
      return;
    }
    go(path);
    open(path);
  }

  /** The folder of a row, the section's without one: where new files go. */
  function placeAt(path) {
    const row = rowOf(path);
    if (!row) return folder;
    return row.isFolder ? path : path.slice(0, path.lastIndexOf("/"));
  }

  function act(name) {
    const row = rowOf(current);
    if (name === "create") asks.create(placeAt(current));
    else if (name === "open") pick(current);
    else if (name === "menu") view.openMenu();
    else if (canDo[name](row)) asks[name](row);
  }

  function onKey(event) {
    const at = rows.findIndex(({ path }) => path === event.target.dataset.path);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    const done = readTreeKey(rows, at, { key, shiftKey, letters: letters(event) });
    if (!done) return;
    event.preventDefault();
    if (done.go !== undefined) go(rows[done.go].path);
    else if (done.toggle) toggle(rows[at].path);
    else act(done.act);
  }

  async function moveTo(path, to) {
    const wasCurrent = current === path;
    await actions.rename(path, to);
    if (wasCurrent) go(to);
  }

  function items(path) {
    const row = rowOf(path);
    const disabled = !canMove(row);
    const rename = { label: gettext("Rename…"), disabled, choose: () => act("rename") };
    const move = { label: gettext("Move to…"), disabled, choose: () => act("move") };
    const take = { label: gettext("Download"), choose: () => download(path) };
    const isKept = row.entry?.kind && row.entry.hash;
    const remove = {
      label: row.isFolder || row.entry.hash === "" ? gettext("Delete…") : gettext("Delete"),
      disabled: !isWritable,
      destructive: true,
      choose: () => act("remove"),
    };
    return [rename, move, ...(isKept ? [take] : []), remove];
  }

  list.addEventListener("keydown", onKey);
  list.addEventListener("focusin", (event) => {
    const { path } = event.target.dataset;
    if (path && path !== current) go(path);
  });
  list.addEventListener("contextmenu", (event) => {
    const path = event.target.closest("[role=treeitem]")?.dataset.path;
    if (!path || event.target.closest(".menu")) return;
    event.preventDefault();
    go(path);
    view.openMenu();
  });
  for (const name of BUTTONS) button(name).addEventListener("click", () => act(name));
  documents.on("list", draw);
  others.on("list", draw);

  return {
    moveTo,
    placeAt,
    /** The folder of what the keyboard is at. */
    get place() {
      return placeAt(current);
    },
    get isWritable() {
      return isWritable;
    },
    setWritable(value) {
      isWritable = value;
      draw();
    },
    showSection(name) {
      folder = name;
      current = null;
      setText(root.querySelector("[data-tree-folder]"), name);
      form.close();
      draw();
    },
    setActive(path) {
      if (path && path !== active) current = path;
      active = path;
      draw();
    },
  };
}
