// The files of one section to look at: open from pointer or keyboard, with a sign where the candidate is.
import { element, icon, setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { treeRows } from "./paths.js";
import { fileWords } from "./sizes.js";
import { iconName } from "./treeview.js";

/** root holds [data-tree]. others are the files that are no documents. open(path) shows a file. */
export function createWatchTree({ root, documents, others, open }) {
  const list = root.querySelector("[data-tree]");
  const more = root.querySelector("[data-tree-more]");
  const empty = root.querySelector("[data-tree-empty]");
  const collapsed = new Set();
  let folder = "";
  let active = null;
  let focused = null;
  let place = null;
  let rows = [];

  function sign() {
    const words = gettext("The candidate is here");
    return element("span", { class: "tree-here", role: "img", "aria-label": words, title: words });
  }

  function drawRow(row) {
    const facts = row.entry?.kind ? fileWords(row.entry) : "";
    const isTabStop = row.path === (focused ?? active ?? rows[0]?.path);
    const item = element(
      "li",
      {
        role: "treeitem",
        class: row.isFolder ? "tree-folder" : "tree-file",
        tabindex: isTabStop ? "0" : "-1",
        "aria-level": row.level,
        "aria-expanded": row.isFolder ? String(row.isOpen) : null,
        "aria-selected": row.isFolder ? null : String(row.path === active),
        "data-path": row.path,
        "data-level": Math.min(row.level, 6),
        title: facts ? `${row.name} · ${facts}` : row.name,
      },
      icon(iconName(row)),
      element("span", { class: "tree-name" }, row.name),
      facts ? element("span", { class: "tree-facts" }, facts) : null,
      row.path === place ? sign() : null,
    );
    item.addEventListener("click", () => activate(row));
    return item;
  }

  function draw() {
    rows = treeRows([...documents.entries, ...others.entries], folder, collapsed);
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...rows.map(drawRow));
    list.hidden = rows.length === 0;
    empty.hidden = rows.length > 0;
    more.hidden = others.unlisted === 0;
    const words = ngettext("and %(n)s more file", "and %(n)s more files", others.unlisted);
    setText(more, interpolate(words, { n: others.unlisted }));
    if (hadFocus) list.querySelector('[tabindex="0"]')?.focus();
  }

  function activate(row) {
    focused = row.path;
    if (!row.isFolder) {
      open(row.path);
      return;
    }
    if (!collapsed.delete(row.path)) collapsed.add(row.path);
    draw();
  }

  function step(by) {
    const at = rows.findIndex((row) => row.path === document.activeElement?.dataset.path);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!next) return;
    focused = next.path;
    draw();
  }

  list.addEventListener("keydown", (event) => {
    const row = rows.find((candidate) => candidate.path === document.activeElement?.dataset.path);
    if (!row) return;
    const isOpen = row.isFolder && row.isOpen;
    const keys = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Home: () => step(-rows.length),
      End: () => step(rows.length),
      Enter: () => activate(row),
      " ": () => activate(row),
      ArrowRight: () => (row.isFolder && !isOpen ? activate(row) : step(1)),
      ArrowLeft: () => (isOpen ? activate(row) : step(-1)),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  documents.on("list", draw);
  others.on("list", draw);

  return {
    showSection(name) {
      folder = name;
      focused = null;
      draw();
    },
    setActive(path) {
      active = path;
      focused = path;
      draw();
    },
    setPlace(path) {
      place = path;
      draw();
    },
  };
}
