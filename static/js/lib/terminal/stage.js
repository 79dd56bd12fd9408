// Where terminals are drawn: one is shown at a time, and words stand where there is none.
import { element } from "../dom.js";
import { gettext } from "../i18n.js";

export function createStage({ root, empty }) {
  const frames = new Map();

  function emptyParts({ config, isMember, open }) {
    if (!config.is_available) {
      return [config.reason || gettext("There is no terminal at the moment.")];
    }
    if (isMember) return [gettext("The candidate has no terminal open.")];
    const button = element("button", { type: "button", class: "button small" });
    button.append(gettext("Open a terminal"));
    button.addEventListener("click", open);
    return [gettext("No terminal is open."), button];
  }

  return {
    isInSight: () => root.parentElement.offsetParent !== null,
    /** A place for a terminal; it has no padding, so that it can be measured. */
    add(name) {
      const host = element("div", { class: "terminal-fit" });
      const frame = element("div", { class: "terminal-screen", "data-screen": name }, host);
      frames.set(name, frame);
      root.append(frame);
      return host;
    },
    remove(name) {
      frames.get(name)?.remove();
      frames.delete(name);
    },
    draw({ shown, ...rest }) {
      for (const [name, frame] of frames) frame.hidden = name !== shown;
      root.hidden = frames.size === 0;
      empty.hidden = frames.size > 0;
      if (!empty.hidden) empty.replaceChildren(...emptyParts(rest));
    },
  };
}
