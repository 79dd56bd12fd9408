// Markdown on screen as it grows: a block that is finished is never touched again, only the open last one changes.
import { safeFragment, splitBlocks } from "./markdown.js";
import { tidyTail } from "./markdowntail.js";
import { morph } from "./morph.js";

function createProse(decorate) {
  const root = document.createElement("div");
  root.dir = "auto";
  let shown = null;
  return {
    root,
    isFor: (block) => block.html !== undefined,
    update({ html }) {
      if (html === shown) return;
      shown = html;
      const fragment = safeFragment(html);
      decorate(fragment);
      morph(root, fragment);
    },
  };
}

/** Where a line begins in a text. */
function offsetOf(text, line) {
  let at = 0;
  for (let count = 0; count < line; count += 1) at = text.indexOf("\n", at) + 1;
  return at;
}

/**
 * makeCode(block, index) gives {root, isFor(block), update(block)} for a code block, the first being number
 * firstCode(); decorate(fragment) may change prose before it is shown.
 */
export function createMarkdownView(root, { makeCode, decorate = () => {}, firstCode = () => 0 }) {
  let parts = [];
  let settled = 0;
  let prefix = "";
  let environment = {};
  let last = null;

  function make(block, at) {
    if (block.html !== undefined) return createProse(decorate);
    const before = parts.slice(0, at).filter(({ isCode }) => isCode).length;
    return { ...makeCode(block, firstCode() + before), isCode: true };
  }

  function draw(block, at) {
    const present = parts[at];
    if (present?.isFor(block)) {
      present.update(block);
      return;
    }
    const part = make(block, at);
    part.update(block);
    if (present) present.root.replaceWith(part.root);
    else root.append(part.root);
    parts[at] = part;
  }

  function reset() {
    root.replaceChildren();
    [parts, settled, prefix, environment] = [[], 0, "", {}];
  }

  return {
    get codeCount() {
      return parts.filter(({ isCode }) => isCode).length;
    },

    /** isOpen: the text goes on. */
    update(text, isOpen) {
      if (last?.text === text && last.isOpen === isOpen) return;
      last = { text, isOpen };
      if (!text.startsWith(prefix)) reset();
      const rest = text.slice(prefix.length);
      const shown = isOpen ? tidyTail(rest) : rest;
      const blocks = splitBlocks(shown, environment);
      for (const [at, block] of blocks.entries()) draw(block, settled + at);
      for (const part of parts.splice(settled + blocks.length)) part.root.remove();
      if (blocks.length < 2) return;
      settled += blocks.length - 1;
      prefix += shown.slice(0, offsetOf(shown, blocks.at(-1).line));
    },
  };
}
