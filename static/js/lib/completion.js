// What the editor offers while one types: the language's own words, what the open files define, the words in them.
import {
  acceptCompletion,
  autocompletion,
  completeFromList,
  completionStatus,
  keymap,
  language,
  syntaxTree,
} from "../../vendor/codemirror.js";
import { collectSymbols } from "./symbols.js";
import { collectWords } from "./words.js";

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*$/u;
const WORD_ONLY = /^[\p{L}\p{N}_$]*$/u;
const PROSE = new Set(["markdown"]);
const QUIET = /string|comment|template|regexp/i;
const LONG_FILE = 200_000;
const REACH = 50_000;
const MOST_OTHERS = 8;
const OTHER_CHARS = 100_000;
const OTHERS_WITHIN_MS = 40;
const MOST_OPTIONS = 500;
const DELAY_MS = 100;

/** What is near beats what is far, and what is defined what is only written; the language's own that is not used yet is later. */
const RANK = { here: 20, defined: 15, other: 10, word: 5, language: 0, otherWord: -20 };

const nameOf = (path) => path.split("/").at(-1);

const asSource = (source) => (Array.isArray(source) ? completeFromList(source) : source);

function languageResults(context) {
  const { state, pos } = context;
  return state
    .languageDataAt("autocomplete", pos)
    .map((source) => asSource(source)(context))
    .filter(Boolean);
}

/** Around the place in a long file, else all of it. */
function rangeNear(length, pos) {
  if (length <= LONG_FILE) return {};
  return { from: Math.max(0, pos - REACH), to: Math.min(length, pos + REACH) };
}

function createList() {
  const options = [];
  const labels = new Set();
  return {
    labels,
    add(option, boost) {
      if (labels.has(option.label) || options.length >= MOST_OPTIONS) return;
      labels.add(option.label);
      options.push({ ...option, boost });
    },
    /** Several ways to say the same word, such as "if" and "if … else", stay apart. */
    addAll(found, rank) {
      for (const option of found) options.push({ ...option, boost: rank(option.label) });
      for (const { label } of found) labels.add(label);
    },
    options,
  };
}

function addOthers(list, files) {
  const deadline = performance.now() + OTHERS_WITHIN_MS;
  for (const { path, state } of files.slice(0, MOST_OTHERS)) {
    // What is not read this time is read the next time: the parser goes on where it was.
    if (performance.now() > deadline) break;
    const to = Math.min(state.doc.length, OTHER_CHARS);
    const detail = nameOf(path);
    for (const symbol of collectSymbols(state, { to, parse: true })) {
      list.add({ ...symbol, detail }, RANK.other);
    }
  }
  for (const { state } of files.slice(0, MOST_OTHERS)) {
    for (const label of collectWords(state.doc)) list.add({ label, type: "text" }, RANK.otherWord);
  }
}

function collect(context, { from, own, isQuiet, files }) {
  const { state, pos } = context;
  const words = collectWords(state.doc, { near: pos, skip: from });
  const list = createList();
  for (const { options } of own) {
    list.addAll(options, (label) => (words.has(label) ? RANK.here : RANK.language));
  }
  if (!isQuiet) {
    for (const symbol of collectSymbols(state, rangeNear(state.doc.length, pos))) {
      list.add(symbol, RANK.defined);
    }
  }
  for (const label of words) list.add({ label, type: "text" }, RANK.word);
  addOthers(list, files);
  return list;
}

/** The open files of the section but the one with this state, the one that is shown first. */
export function listOthers({ documents, editor }, state) {
  const { paths, active } = editor;
  const order = [active, ...paths.filter((path) => path !== active)];
  const docs = order.map((path) => path && documents.get(path));
  return docs.filter((doc) => doc?.state && doc.state !== state);
}

/**
 * A completion source; others(state) gives the other open files as {path, state}. Nothing is offered by itself once a
 * whole known word stands there, so that Enter after it is a new line.
 */
export function createSource(others) {
  return (context) => {
    const { state, pos, explicit } = context;
    const word = context.matchBefore(WORD);
    const name = state.facet(language)?.name;
    if (!explicit && (!word || pos - word.from < 2 || !name || PROSE.has(name))) return null;
    const from = word?.from ?? pos;
    const isMember = state.sliceDoc(from - 1, from) === ".";
    const isQuiet = QUIET.test(syntaxTree(state).resolveInner(pos, -1).name);
    if (isQuiet && !explicit) return null;
    const isLong = state.doc.length > LONG_FILE;
    const results = isQuiet || isLong ? [] : languageResults(context);
    // Tags, attributes and the like begin elsewhere: there the language knows best.
    const special = results.find((result) => result.from < from && result.options.length > 0);
    if (special) return special;
    const own = isMember ? [] : results.filter((result) => result.from === from);
    const { options, labels } = collect(context, { from, own, isQuiet, files: others(state) });
    const typed = state.sliceDoc(from, pos);
    if (!explicit && labels.has(typed)) return null;
    const isWhole = (text) => !explicit && labels.has(text);
    return { from, options, validFor: (text) => WORD_ONLY.test(text) && !isWhole(text) };
  };
}

/** A list that has just come up takes no key for an answer; then Tab must not indent either. */
function acceptByTab(view) {
  return acceptCompletion(view) || completionStatus(view.state) === "active";
}

/** Tab and Enter take what is chosen, Escape closes the list; Escape, then Tab leaves the editor. */
export function completion(others) {
  return [
    autocompletion({
      override: [createSource(others)],
      activateOnTypingDelay: DELAY_MS,
      filterStrict: true,
      maxRenderedOptions: 50,
    }),
    keymap.of([{ key: "Tab", run: acceptByTab }]),
  ];
}
