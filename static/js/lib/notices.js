// Lines above the room that say what happened and what to do; one per subject, gone when it is over.
import { element, icon } from "./dom.js";
import { gettext } from "./i18n.js";

export function createNotices(root) {
  const shown = new Map();

  function clear(subject) {
    shown.get(subject)?.remove();
    shown.delete(subject);
  }

  /** level: info, good, warning, danger. action: {label, run}. Without closable it stays until clear(subject). */
  function show(subject, { level = "info", text, action = null, closable = false }) {
    const line = element("div", { class: `notice ${level}` }, element("span", {}, text));
    if (action) {
      const button = element("button", { type: "button", class: "button small" }, action.label);
      button.addEventListener("click", () => action.run());
      line.append(button);
    }
    if (closable) {
      const label = gettext("Close this line");
      const button = element(
        "button",
        { type: "button", class: "icon-button", "aria-label": label, title: label },
        icon("close"),
      );
      button.addEventListener("click", () => clear(subject));
      line.append(button);
    }
    if (shown.has(subject)) shown.get(subject).replaceWith(line);
    else root.append(line);
    shown.set(subject, line);
  }

  return { show, clear };
}
