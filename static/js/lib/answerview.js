// An answer on screen: blocks of Markdown, and a line for each tool between them.
import { element } from "./dom.js";
import { createMarkdownView } from "./markdownview.js";
import { createToolLine } from "./toolline.js";
import { planParts } from "./turnparts.js";

/** makeCode and decorate as in createMarkdownView; blocks of code are counted through the whole answer. */
export function createAnswerView(root, { makeCode, decorate }) {
  const known = new Map();

  function makeText(key) {
    const node = element("div", { class: "turn-text prose" });
    const firstCode = () => {
      let count = 0;
      for (const part of known.values()) {
        if (part.key === key) break;
        count += part.view?.codeCount ?? 0;
      }
      return count;
    };
    return { key, root: node, view: createMarkdownView(node, { makeCode, decorate, firstCode }) };
  }

  function partOf({ key, tool }) {
    if (!known.has(key)) known.set(key, tool ? { key, ...createToolLine() } : makeText(key));
    return known.get(key);
  }

  function place(nodes) {
    nodes.forEach((node, at) => {
      if (root.children[at] !== node) root.insertBefore(node, root.children[at] ?? null);
    });
    while (root.children.length > nodes.length) root.lastElementChild.remove();
  }

  return {
    /** isOpen: the answer is still being written. */
    update(answer, tools, isOpen) {
      const plan = planParts(answer, tools, isOpen);
      const keys = new Set(plan.map(({ key }) => key));
      for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
      place(plan.map((part) => partOf(part).root));
      for (const part of plan) {
        if (part.tool) partOf(part).update(part.tool);
        else partOf(part).view.update(part.text, isOpen && part.isLast);
      }
    },
  };
}
