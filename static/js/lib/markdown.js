// Markdown of an answer into its blocks, and a block's HTML into safe nodes.
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

/**
 * The top-level blocks of a text: {html, line} or {code, language, closed, line}, line being where it begins. What an
 * environment learns of links is known to the texts parsed with it later.
 */
export function splitBlocks(text, environment = {}) {
  const blocks = [];
  let group = [];
  let depth = 0;
  for (const token of parser.parse(text, environment)) {
    if (depth === 0 && (token.type === "fence" || token.type === "code_block")) {
      const language = token.info.trim().split(/\s+/)[0] ?? "";
      blocks.push({
        code: token.content.replace(/\n$/, ""),
        language,
        closed: isClosed(token, text),
        line: token.map[0],
      });
      continue;
    }
    group.push(token);
    depth += token.nesting;
    if (depth > 0) continue;
    const html = parser.renderer.render(group, parser.options, environment);
    blocks.push({ html, line: group[0].map[0] });
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
