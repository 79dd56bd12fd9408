// A small menu that opens from a button: arrows move, Escape and a click elsewhere close.
import { element } from "./dom.js";

let openMenu = null;

document.addEventListener("pointerdown", (event) => {
  if (openMenu && !openMenu.contains(event.target)) openMenu.closeMenu();
});

function drawItem(item, close) {
  const node = element(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      disabled: item.disabled,
      class: item.destructive ? "destructive" : null,
    },
    element("span", {}, item.label),
  );
  node.addEventListener("click", () => {
    close();
    item.choose(item);
  });
  return node;
}

/** items() is asked on each opening: {label, disabled?, destructive?, choose(item)}. Gives the anchor that holds both. */
export function createMenu(button, items) {
  const anchor = element("div", { class: "menu-anchor" }, button);
  let list = null;
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");

  function close() {
    list?.remove();
    list = null;
    openMenu = null;
    button.setAttribute("aria-expanded", "false");
  }

  function open() {
    openMenu?.closeMenu();
    list = element(
      "div",
      { class: "menu", role: "menu" },
      ...items().map((item) => drawItem(item, close)),
    );
    anchor.append(list);
    openMenu = anchor;
    button.setAttribute("aria-expanded", "true");
    list.querySelector("button:not(:disabled)")?.focus();
  }

  function move(by) {
    const all = [...list.querySelectorAll("button:not(:disabled)")];
    const at = all.indexOf(document.activeElement);
    all[(at + by + all.length) % all.length]?.focus();
  }

  anchor.closeMenu = close;
  button.addEventListener("click", () => (list ? close() : open()));
  anchor.addEventListener("keydown", (event) => {
    if (!list) return;
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") {
      close();
      button.focus();
    } else if (event.key === "Tab") {
      close();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return anchor;
}
