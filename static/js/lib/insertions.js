// How text that was not typed came into the editor, and whether it had been copied in this room.
import { Annotation, EditorState } from "../../vendor/codemirror.js";
import { LIMITS } from "./protocol.js";

const MOST_COPIES = 50;
const MOST_CHARS = 4_000_000;

/** {kind, size, source} on a transaction, as docs/protocol.md has it under input. */
export const insertion = Annotation.define();

const KINDS = [
  ["input.paste", "paste"],
  ["input.drop", "drop"],
  ["move", "move"],
  ["input.copyline", "move"],
  ["undo", "undo"],
  ["redo", "undo"],
];
const FROM_OUTSIDE = ["paste", "drop"];

/** Space differs between what is selected on a page and what arrives by the clipboard. */
const plain = (text) => text.replace(/\s+/g, " ").trim();

/** The latest texts copied in this room; they stay in the page. */
export function createCopies() {
  let texts = [];

  return {
    remember(text) {
      const kept = plain(text ?? "");
      if (!kept) return;
      texts = [kept, ...texts.filter((other) => other !== kept)].slice(0, MOST_COPIES);
      let chars = 0;
      texts = texts.filter((other) => {
        chars += other.length;
        return chars <= MOST_CHARS;
      });
    },
    has: (text) => texts.includes(plain(text)),
  };
}

function selectedText(field) {
  if (typeof field?.selectionStart === "number") {
    return field.value.slice(field.selectionStart, field.selectionEnd);
  }
  return document.getSelection()?.toString();
}

/** Remembers what is copied, cut or dragged anywhere below root, and what a Copy button tells by "room:copied". */
export function watchCopies(root, copies) {
  for (const name of ["copy", "cut", "dragstart"]) {
    root.addEventListener(name, (event) => {
      // The editor has put its own text there by now; the browser puts the selection there later.
      const data = event.clipboardData ?? event.dataTransfer;
      copies.remember(data?.getData("text/plain") || selectedText(event.target));
    });
  }
  root.addEventListener("room:copied", (event) => copies.remember(event.detail));
}

function insertedTexts(transaction) {
  const texts = [];
  transaction.changes.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => {
    if (inserted.length > 0) texts.push(inserted.toString());
  });
  return texts;
}

/** Several cursors get a line each, or the whole each. */
function isCopied(texts, copies) {
  const isRepeated = texts.every((text) => text === texts[0]);
  return copies.has(texts.join("\n")) || (isRepeated && copies.has(texts[0]));
}

/** An extension that marks what was pasted, dropped, moved or brought back. */
export function noteInsertions(copies) {
  return EditorState.transactionExtender.of((transaction) => {
    if (!transaction.docChanged) return null;
    const kind = KINDS.find(([event]) => transaction.isUserEvent(event))?.[1];
    const texts = kind ? insertedTexts(transaction) : [];
    if (texts.length === 0) return null;
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    const isOutside = FROM_OUTSIDE.includes(kind) && !isCopied(texts, copies);
    const source = isOutside ? "outside" : "inside";
    return { annotations: insertion.of({ kind, size: Math.min(size, LIMITS.FILE_BYTES), source }) };
  });
}
