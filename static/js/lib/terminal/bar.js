// The row above a terminal: which are open, another one, what keys do, and the menu.
import { element, icon, setText } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";
import { createMenu } from "../menu.js";

const RING_MS = 800;

/** The words beside the tabs, for the terminal that is shown. */
function hintText({ facts, isMember, tabLeaves }) {
  if (!facts) return "";
  if (facts.phase === "connecting") return gettext("Opening…");
  if (facts.phase === "away") {
    return gettext("Connection lost. What runs here goes on; reconnecting…");
  }
  if (facts.phase === "waiting") return facts.message;
  if (facts.phase !== "live") return "";
  if (isMember) return gettext("Live. Only the candidate types.");
  if (!facts.isDriver) return gettext("Reading only: you write in another window.");
  return tabLeaves
    ? gettext("Tab leaves the terminal. Ctrl+M gives it back to the shell.")
    : gettext("To leave with the keyboard: Ctrl+M, then Tab.");
}

/** root is [data-terminals]. on: show(name), close(name), open(); menu() gives the menu's items. */
export function createBar({ root, on, menu, isMember }) {
  const part = (name) => root.querySelector(`[data-terminal-${name}]`);
  const [tabs, add, hint, more] = ["tabs", "new", "hint", "menu"].map(part);
  const mark = document.createComment("");
  more.before(mark);
  mark.replaceWith(createMenu(more, menu, { isFloating: true }));
  add?.addEventListener("click", () => on.open());

  function drawTab(name, isShown) {
    const title = interpolate(gettext("Terminal %(name)s"), { name });
    const open = element(
      "button",
      { type: "button", class: "tab", "aria-current": isShown ? "true" : null },
      title,
    );
    open.addEventListener("click", () => on.show(name));
    const item = element("li", { "data-terminal": name }, open);
    if (isMember) return item;
    const label = interpolate(gettext("Close terminal %(name)s"), { name });
    const closer = element(
      "button",
      { type: "button", class: "icon-button tab-close", "aria-label": label, title: label },
      icon("close"),
    );
    closer.addEventListener("click", () => on.close(name));
    item.append(closer);
    return item;
  }

  return {
    draw({ names, shown, facts, tabLeaves, isFull }) {
      const key = JSON.stringify([names, shown]);
      if (tabs.dataset.drawn !== key) {
        tabs.replaceChildren(...names.map((name) => drawTab(name, name === shown)));
        tabs.dataset.drawn = key;
      }
      if (add) add.hidden = isFull || names.length === 0;
      more.hidden = !facts;
      setText(hint, hintText({ facts, isMember, tabLeaves }));
      hint.toggleAttribute("data-is-tip", facts?.phase === "live" && facts.isDriver);
    },
    /** A program rings: its tab is marked for a moment. */
    ring(name) {
      const tab = tabs.querySelector(`[data-terminal="${CSS.escape(name)}"]`);
      tab?.setAttribute("data-rings", "");
      setTimeout(() => tab?.removeAttribute("data-rings"), RING_MS);
    },
  };
}
