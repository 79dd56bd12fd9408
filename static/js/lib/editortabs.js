// The row of open files above the editor.
import { element, icon } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

/** show(path) and close(path) are what a click does. */
export function createEditorTabs(root, { show, close }) {
  function drawTab(path, shown) {
    const name = path.split("/").at(-1);
    const open = element(
      "button",
      { type: "button", class: "tab", title: path, "aria-current": path === shown ? "true" : null },
      name,
    );
    open.addEventListener("click", () => show(path));
    const label = interpolate(gettext("Close %(name)s"), { name });
    const closer = element(
      "button",
      { type: "button", class: "icon-button tab-close", "aria-label": label, title: label },
      icon("close"),
    );
    closer.addEventListener("click", () => close(path));
    return element("li", {}, open, closer);
  }

  return function draw(paths, shown) {
    root.replaceChildren(...paths.map((path) => drawTab(path, shown)));
    root.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  };
}
