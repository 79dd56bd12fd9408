// @ts-check
// A letter: its text, its notes and their history.

import { History } from "./history.js";
import { afterDelete, afterInsert } from "./notes.js";

export class Letter {
  /** @type {import("./history.js").State} */
  #state = { text: "", notes: [] };
  history = new History();

  get text() {
    return this.#state.text;
  }

  get notes() {
    return this.#state.notes;
  }

  /**
   * @param {number} at
   * @param {string} text
   * @param {number} [ms]
   */
  insert(at, text, ms) {
    if (text === "") return;
    this.history.recordInsert(this.#state, at, text, ms);
    this.#state = {
      text: this.text.slice(0, at) + text + this.text.slice(at),
      notes: afterInsert(this.notes, at, text.length),
    };
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  delete(from, to) {
    if (from === to) return;
    this.history.record(this.#state);
    this.#state = {
      text: this.text.slice(0, from) + this.text.slice(to),
      notes: afterDelete(this.notes, from, to),
    };
  }

  /** @param {import("./notes.js").Note} note */
  note(note) {
    this.history.record(this.#state);
    this.#state = { text: this.text, notes: [...this.notes, note] };
  }

  /** @param {string} id */
  unnote(id) {
    const notes = this.notes.filter((note) => note.id !== id);
    if (notes.length === this.notes.length) return;
    this.history.record(this.#state);
    this.#state = { text: this.text, notes };
  }

  undo() {
    this.#state = this.history.undo(this.#state);
  }

  redo() {
    this.#state = this.history.redo(this.#state);
  }
}
