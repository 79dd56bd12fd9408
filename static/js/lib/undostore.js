// What can be undone, kept across a reload of the page: used again only where the text is the very same.
import { historyField } from "../../vendor/codemirror.js";

// The browser gives a page a few megabytes for all of it.
const MOST_CHARS = 500_000;
const FIELDS = { history: historyField };

/** Two texts with the same mark are the same (cyrb53): this has to be known at once, while the page goes away. */
export function markText(text) {
  let one = 0xdeadbeef;
  let other = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    one = Math.imul(one ^ unit, 2654435761);
    other = Math.imul(other ^ unit, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return `${text.length}:${(4294967296 * (2097151 & other) + (one >>> 0)).toString(36)}`;
}

/** scope tells interviews apart. The storage lives as long as the browser's tab. */
export function createUndoStore(scope, storage = globalThis.sessionStorage) {
  const keyOf = (document) => `interviewlm:undo:${scope}:${document}`;

  return {
    /** Keeps what can be undone in a document; version is the server's that it has reached. */
    save({ document, state }, version) {
      const key = keyOf(document);
      try {
        const { selection, history } = state.toJSON(FIELDS);
        const mark = markText(state.doc.toString());
        const text = JSON.stringify({ mark, version, selection, history });
        if (text.length > MOST_CHARS) storage.removeItem(key);
        else storage.setItem(key, text);
      } catch {
        // There is no room, or no storage: the next page begins without it.
      }
    },

    /** {json, fields} to make a state with, or null. The server never goes back; a text may come back. */
    recall({ document, version, text }) {
      try {
        const kept = JSON.parse(storage.getItem(keyOf(document)));
        if (!kept || kept.version > version || kept.mark !== markText(text)) return null;
        const { selection, history } = kept;
        return { json: { doc: text, selection, history }, fields: FIELDS };
      } catch {
        return null;
      }
    },
  };
}
