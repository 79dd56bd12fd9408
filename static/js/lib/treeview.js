// Draws rows of files into a tree, reusing what is there, so that focus, menus and drags survive a change of the list.
import { element, icon, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { createMenu } from "./menu.js";
import { fileWords, isPicture } from "./sizes.js";

/** The icon of a row: of a folder, a document, or of what is no document. */
export function iconName({ isFolder, entry, path }) {
  if (isFolder) return "chevron";
  if (!entry.kind) return "file";
  if (entry.kind === "link") return "link";
  return entry.kind === "binary" && isPicture(path) ? "picture" : "binary";
}

function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/** Puts nodes in order with as few moves as there can be: a node that is moved loses focus and drag. */
function arrange(list, nodes) {
  let at = list.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else list.insertBefore(node, at);
  }
  while (at) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
}

/** pick(path) is a click on a row; items(path) gives the menu of the current one. */
export function createTreeView(list, { pick, items }) {
  let nodes = new Map();
  let menuOf = null;

  function makeNode(row) {
    const name = element("span", { class: "tree-name" });
    const facts = element("span", { class: "tree-facts" });
    const node = element("li", { role: "treeitem", "data-path": row.path }, name, " ", facts);
    node.addEventListener("click", (event) => {
      // What was clicked in the menu is gone from the page by now.
      const isInMenu = event.composedPath().some((each) => each.matches?.(".menu-anchor"));
      if (!isInMenu) pick(row.path);
    });
    return node;
  }

  function drawNode(node, row, { current, active, isWritable }) {
    const shape = iconName(row);
    if (node.dataset.icon !== shape) {
      node.querySelector(".icon")?.remove();
      node.prepend(icon(shape));
      node.dataset.icon = shape;
    }
    const facts = row.entry?.kind ? fileWords(row.entry) : "";
    setText(node.querySelector(".tree-name"), row.name);
    setText(node.querySelector(".tree-facts"), facts);
    setAttributes(node, {
      class: row.isFolder ? "tree-folder" : "tree-file",
      tabindex: row.path === current ? 0 : -1,
      draggable: isWritable && row.entry?.hash !== "" ? "true" : null,
      "aria-label": facts ? `${row.name} ${facts}` : row.name,
      "aria-level": row.level,
      "aria-setsize": row.count,
      "aria-posinset": row.place,
      "aria-expanded": row.isFolder ? row.isOpen : null,
      "aria-selected": row.path === current,
      "aria-current": row.path === active ? "true" : null,
      "data-level": Math.min(row.level, 8),
      title: facts ? `${row.name} · ${facts}` : row.name,
    });
  }

  /** The current row alone carries the button of its menu. */
  function placeMenu(row) {
    const node = row && nodes.get(row.path);
    if (menuOf === node) return;
    menuOf?.querySelector(".menu-anchor")?.remove();
    menuOf = node ?? null;
    if (!node) return;
    const label = interpolate(gettext("More for %(name)s"), { name: row.name });
    const button = element(
      "button",
      {
        type: "button",
        class: "icon-button tree-more",
        tabindex: "-1",
        "aria-label": label,
        title: label,
      },
      icon("more"),
    );
    // The row is what the keyboard is at, before the menu and after it.
    button.addEventListener("focus", () => node.focus());
    node.append(createMenu(button, () => items(row.path), { isFloating: true }));
  }

  return {
    draw(rows, facts) {
      const before = nodes;
      nodes = new Map(rows.map((row) => [row.path, before.get(row.path) ?? makeNode(row)]));
      for (const row of rows) drawNode(nodes.get(row.path), row, facts);
      arrange(list, nodes.values());
      placeMenu(rows.find(({ path }) => path === facts.current));
    },
    focus(path) {
      nodes.get(path)?.focus();
    },
    openMenu() {
      menuOf?.querySelector(".menu-anchor > button").click();
    },
  };
}
