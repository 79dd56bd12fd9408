// A small menu that opens from a button: arrows move, Escape and a click elsewhere close.
import { element } from "./dom.js";

const GAP = 4;

let openMenu = null;

document.addEventListener("pointerdown", (event) => {
  if (openMenu && !openMenu.contains(event.target)) openMenu.closeMenu();
});

const closeFloating = (event) => {
  if (openMenu?.querySelector(".floating") && !openMenu.contains(event.target))
    openMenu.closeMenu();
};
document.addEventListener("scroll", closeFloating, { capture: true, passive: true });

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

/** Beside its button, above everything else, wherever the button is scrolled to. */
function float(list, button) {
  list.popover = "manual";
  list.showPopover();
  const place = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const isBelow = place.bottom + height + GAP <= innerHeight;
  const top = isBelow ? place.bottom + GAP : Math.max(GAP, place.top - height - GAP);
  const isMirrored = getComputedStyle(button).direction === "rtl";
  const left = isMirrored ? place.left : place.right - width;
  list.style.setProperty("top", `${top}px`);
  list.style.setProperty("left", `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`);
}

/**
 * items() is asked on each opening: {label, disabled?, destructive?, choose(item)}. Gives the anchor that holds both.
 * isFloating is for a button in something that scrolls.
 */
export function createMenu(button, items, { isFloating = false } = {}) {
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
      { class: isFloating ? "menu floating" : "menu", role: "menu" },
      ...items().map((item) => drawItem(item, close)),
    );
    anchor.append(list);
    if (isFloating) float(list, button);
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
