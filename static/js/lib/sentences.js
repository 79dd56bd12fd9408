// What a screen reader is told of an answer: whole sentences as they are finished, and each state once. No DOM here.
import { gettext, interpolate, ngettext } from "./i18n.js";

const END = /[.!?…:](?=["'”’)\]]*(?:\s|$))["'”’)\]]*\s*|\n\s*\n|[。！？]/gu;
// "e.g." ends no sentence, nor does the "3." of a list.
const NO_END = /(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|Dr|Mr|Ms|St)|(?:^|\n)\s*\d{1,3})\.\s*$/;
const FENCE = /(^|\n)[ \t]*(```+|~~~+)([^\n]*)\n([\s\S]*?)\n?[ \t]*\2[ \t]*(?=\n|$)/;
const OPEN_FENCE = /(^|\n)[ \t]*(?:```|~~~)/;

/** Prose without its marks, as it is read out. */
export function plainWords(markdown) {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(^|\n)[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+)/g, "$1")
    .replace(/(\*\*|__|~~|`+)/g, "")
    .replace(/(^|[^\p{L}\p{N}])[*_]([^*_\n]+)[*_](?![\p{L}\p{N}])/gu, "$1$2")
    .replace(/\s+/g, " ")
    .trim();
}

function codeWords(info, code) {
  const lines = code ? code.split("\n").length : 0;
  const language = info.trim().split(/\s+/)[0];
  const count = interpolate(ngettext("%(n)s line", "%(n)s lines", lines), { n: lines });
  return language
    ? interpolate(gettext("Code in %(language)s, %(count)s."), { language, count })
    : interpolate(gettext("Code, %(count)s."), { count });
}

function endOfSentences(text) {
  let end = 0;
  for (const { 0: mark, index } of text.matchAll(END)) {
    const at = index + mark.length;
    // At the very end more may follow: "3" and then ".5", "e" and then ".g.".
    const isSure = at < text.length || /\s$/.test(mark);
    if (isSure && !NO_END.test(text.slice(0, at))) end = at;
  }
  return end;
}

/** Takes an answer as it grows and gives what was finished since. */
export function createSentences() {
  let said = 0;

  function* read(text, isOpen) {
    let rest = text.slice(said);
    for (let fence = FENCE.exec(rest); fence; fence = FENCE.exec(rest)) {
      const end = fence.index + fence[0].length;
      // The closing line of a fence may still grow.
      if (isOpen && end === rest.length) break;
      yield plainWords(rest.slice(0, fence.index));
      yield codeWords(fence[3], fence[4]);
      said += end;
      rest = rest.slice(end);
    }
    const open = OPEN_FENCE.exec(rest);
    const prose = open ? rest.slice(0, open.index) : rest;
    const end = isOpen && !open ? endOfSentences(prose) : prose.length;
    yield plainWords(prose.slice(0, end));
    said += end;
    if (!isOpen && open) {
      const [first, ...lines] = rest.slice(open.index).trim().split("\n");
      yield codeWords(first.replace(/^[`~]+/, ""), lines.join("\n"));
      said = text.length;
    }
  }

  return {
    /** The words to say now; isOpen: the answer goes on. */
    take: (text, isOpen) => [...read(text, isOpen)].filter(Boolean),
    /** What is there already is not said. */
    skip(text) {
      said = text.length;
    },
  };
}
