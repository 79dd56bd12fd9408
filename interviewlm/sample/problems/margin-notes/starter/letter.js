// @ts-check
// A letter: its text, its notes and their history.

import { History } from "./history.js";
import { afterDelete, afterInsert } from "./notes.js";

export class Letter {
  text = "";
  /** @type {import("./notes.js").Note[]} */
  notes = [];
  history = new History();

  /**
   * @param {number} at
   * @param {string} text
   */
  insert(at, text) {
    this.#insert(at, text);
    this.history.record({ kind: "insert", at, text });
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  delete(from, to) {
    const text = this.#delete(from, to);
    this.history.record({ kind: "delete", at: from, text });
  }

  /** @param {import("./notes.js").Note} note */
  note(note) {
    this.notes = [...this.notes, note];
  }

  /** @param {string} id */
  unnote(id) {
    this.notes = this.notes.filter((note) => note.id !== id);
  }

  undo() {
    const change = this.history.undo();
    if (!change) return;
    const { at, text } = change;
    if (change.kind === "insert") this.#delete(at, at + text.length);
    else this.#insert(at, text);
  }

  redo() {
    const change = this.history.redo();
    if (!change) return;
    const { at, text } = change;
    if (change.kind === "insert") this.#insert(at, text);
    else this.#delete(at, at + text.length);
  }

  #insert(at, text) {
    this.text = this.text.slice(0, at) + text + this.text.slice(at);
    this.notes = afterInsert(this.notes, at, text.length);
  }

  #delete(from, to) {
    const text = this.text.slice(from, to);
    this.text = this.text.slice(0, from) + this.text.slice(to);
    this.notes = afterDelete(this.notes, from, to);
    return text;
  }
}
