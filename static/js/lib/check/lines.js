// The lines of the check: each busy, a tick, or a cross with its mend.
import { element, setText } from "../dom.js";

/** Shows lines by name: set(name, "busy" | "good" | "danger" | "", {state, text, steps, more}). */
export function createLines(root) {
  const nodes = new Map(
    [...root.querySelectorAll("[data-line]")].map((node) => [node.dataset.line, node]),
  );

  function set(name, mark, { state = "", text = "", steps = [], more = "" } = {}) {
    const node = nodes.get(name);
    if (!node) return;
    node.className = mark;
    setText(node.querySelector("[data-state]"), state);
    const parts = [
      text && element("p", {}, text),
      steps.length && element("ol", {}, ...steps.map((step) => element("li", {}, step))),
      more && element("p", {}, more),
    ];
    node.querySelector("[data-mend]").replaceChildren(...parts.filter(Boolean));
  }

  return { set, has: (name) => nodes.has(name) };
}
