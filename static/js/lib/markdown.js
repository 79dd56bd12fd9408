// Markdown of an answer into safe nodes, block by block, so that a growing text changes only its last block.
import { DOMPurify, MarkdownIt } from "../../vendor/markdown.js";

const parser = new MarkdownIt("commonmark", { html: false, linkify: false }).enable([
  "table",
  "strikethrough",
]);
parser.disable("image");

const ALLOWED = {
  ALLOWED_TAGS:
    "a blockquote br code em h1 h2 h3 h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split(
      " ",
    ),
  ALLOWED_ATTR: ["href", "start", "class"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_DOM_FRAGMENT: true,
};

/** The top-level blocks of a text: {html} or {code, language, closed}. */
export function splitBlocks(text) {
  const blocks = [];
  let group = [];
  let depth = 0;
  const environment = {};
  for (const token of parser.parse(text, environment)) {
    if (depth === 0 && (token.type === "fence" || token.type === "code_block")) {
      const language = token.info.trim().split(/\s+/)[0] ?? "";
      blocks.push({
        code: token.content.replace(/\n$/, ""),
        language,
        closed: isClosed(token, text),
      });
      continue;
    }
    group.push(token);
    depth += token.nesting;
    if (depth > 0) continue;
    blocks.push({ html: parser.renderer.render(group, parser.options, environment) });
    group = [];
  }
  return blocks;
}

/** A fence at the end of a text still being written has no closing line yet. */
function isClosed(token, text) {
  if (token.type !== "fence") return true;
  const lines = text.split("\n");
  const last = lines[token.map[1] - 1]?.trim() ?? "";
  return (
    token.map[1] - token.map[0] > 1 &&
    last.startsWith(token.markup) &&
    !last.slice(token.markup.length).trim()
  );
}

export function safeFragment(html) {
  const fragment = DOMPurify.sanitize(html, ALLOWED);
  for (const link of fragment.querySelectorAll("a[href]")) {
    link.rel = "noopener noreferrer nofollow";
    link.target = "_blank";
  }
  return fragment;
}

function makeProse({ html }) {
  const node = document.createElement("div");
  node.dir = "auto";
  node.append(safeFragment(html));
  return node;
}

/** Renders into root and keeps every block that did not change. makeCode(block, index) builds a code block. */
export function renderMarkdown(root, text, makeCode) {
  let codeIndex = 0;
  const blocks = splitBlocks(text);
  blocks.forEach((block, at) => {
    const isCode = block.html === undefined;
    const index = codeIndex;
    if (isCode) codeIndex += 1;
    const key = isCode ? `${block.language}\n${block.closed}\n${block.code}` : block.html;
    const present = root.children[at];
    if (present?.blockKey === key) return;
    const node = isCode ? makeCode(block, index) : makeProse(block);
    node.blockKey = key;
    if (present) present.replaceWith(node);
    else root.append(node);
  });
  while (root.children.length > blocks.length) root.lastElementChild.remove();
}
