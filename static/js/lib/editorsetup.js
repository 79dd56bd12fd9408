// How the editor behaves and looks: keys, completion, limits, theme from the page's tokens.
import {
  bracketMatching,
  classHighlighter,
  closeBrackets,
  closeBracketsKeymap,
  defaultKeymap,
  drawSelection,
  dropCursor,
  EditorState,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSelectionMatches,
  highlightSpecialChars,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  lineNumbers,
  search,
  searchKeymap,
  syntaxHighlighting,
  Transaction,
} from "../../vendor/codemirror.js";
import { completion } from "./completion.js";
import { indentFor, languageFor } from "./editorlanguages.js";
import { noteInsertions } from "./insertions.js";
import { LIMITS } from "./protocol.js";

const theme = EditorView.theme({
  "&": { blockSize: "100%", color: "var(--text)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font-code)",
    fontSize: "var(--size-13)",
    lineHeight: "1.6",
    fontFeatureSettings: '"calt" 0',
  },
  ".cm-content": { caretColor: "var(--accent)", paddingBlock: "8px" },
  ".cm-line": { paddingInline: "8px 16px" },
  ".cm-cursor, .cm-dropCursor": { borderInlineStart: "2px solid var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "var(--code-selection) !important" },
  ".cm-gutters": {
    backgroundColor: "var(--surface)",
    color: "var(--text-muted)",
    border: "none",
    paddingInlineStart: "4px",
  },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--code-line) 70%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--code-line)", color: "var(--text)" },
  ".cm-selectionMatch": { backgroundColor: "var(--code-match)" },
  ".cm-searchMatch": { backgroundColor: "var(--code-match)", outline: "none" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--warning)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--line-strong)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--danger-soft)" },
  ".cm-panels": { backgroundColor: "var(--page)", color: "var(--text)" },
  ".cm-panels-bottom": { borderBlockStart: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 12px", fontSize: "var(--size-13)" },
  ".cm-textfield": {
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    backgroundColor: "var(--surface)",
    padding: "2px 6px",
  },
  ".cm-button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
    background: "var(--surface)",
    padding: "2px 8px",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "6px",
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    boxShadow: "var(--shadow-float)",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px 2px 4px" },
  ".cm-completionDetail": { color: "var(--text-muted)", fontStyle: "normal" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
});

const encoder = new TextEncoder();

/** Refuses what would make the file larger than the server takes, before it is shown as typed. */
function sizeLimit(onTooLarge) {
  return EditorState.transactionFilter.of((transaction) => {
    if (!transaction.docChanged || transaction.annotation(Transaction.remote)) return transaction;
    const { newDoc, startState } = transaction;
    if (newDoc.length * 3 <= LIMITS.FILE_BYTES || newDoc.length <= startState.doc.length) {
      return transaction;
    }
    if (encoder.encode(newDoc.toString()).length <= LIMITS.FILE_BYTES) return transaction;
    onTooLarge();
    return [];
  });
}

/**
 * Extensions for one file; label names the editor to a screen reader, copies are those made in the room, others(state)
 * gives the other open files as {path, state}, extras are extensions of the page's own.
 */
export function editorExtensions(options) {
  const { path, label, cspNonce, keys, onTooLarge, copies, others, extras = [] } = options;
  const language = languageFor(path);
  return [
    cspNonce ? EditorView.cspNonce.of(cspNonce) : [],
    keymap.of(keys),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    dropCursor(),
    indentUnit.of(indentFor(path)),
    EditorState.tabSize.of(4),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    completion(others),
    search(),
    highlightSelectionMatches(),
    syntaxHighlighting(classHighlighter),
    language ?? [],
    theme,
    sizeLimit(onTooLarge),
    noteInsertions(copies),
    extras,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      indentWithTab,
    ]),
  ];
}
