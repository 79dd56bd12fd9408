// @ts-check
// What can be undone and redone.

/**
 * @typedef {{ kind: "insert", at: number, text: string }
 *   | { kind: "delete", at: number, text: string }} Change
 */

export class History {
  /** @type {Change[]} */
  #done = [];
  /** @type {Change[]} */
  #undone = [];

  /** @param {Change} change */
  record(change) {
    this.#done.push(change);
  }

  /** @returns {Change | undefined} */
  undo() {
    const change = this.#done.pop();
    if (change) this.#undone.push(change);
    return change;
  }

  /** @returns {Change | undefined} */
  redo() {
    const change = this.#undone.pop();
    if (change) this.#done.push(change);
    return change;
  }

  get size() {
    return { undo: this.#done.length, redo: this.#undone.length };
  }
}
