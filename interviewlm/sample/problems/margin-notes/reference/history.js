// @ts-check
// What can be undone and redone.

/**
 * Everything a step can change. States are never changed, only replaced.
 * @typedef {{ readonly text: string, readonly notes: readonly import("./notes.js").Note[] }} State
 *
 * Where and when typing stopped, for the next insert to join.
 * @typedef {{ end: number, ms: number }} Typing
 */

const PAUSE_MS = 1000;

export class History {
  /** @type {State[]} */
  #before = [];
  /** @type {State[]} */
  #after = [];
  /** @type {Typing | null} */
  #typing = null;

  /** @param {State} state the state before a step that is no typing */
  record(state) {
    this.#before.push(state);
    this.#after = [];
    this.#typing = null;
  }

  /**
   * Record an insert, as part of the latest step when it goes on typing.
   * @param {State} state the state before the insert
   * @param {number} at
   * @param {string} text
   * @param {number | undefined} ms
   */
  recordInsert(state, at, text, ms) {
    const canJoin = ms !== undefined && !/[\n\r]/.test(text);
    const joins =
      canJoin &&
      this.#typing !== null &&
      this.#typing.end === at &&
      ms - this.#typing.ms <= PAUSE_MS;
    if (!joins) this.record(state);
    this.#typing = canJoin ? { end: at + text.length, ms } : null;
  }

  /**
   * @param {State} now
   * @returns {State} the state before the latest step
   */
  undo(now) {
    return this.#step(now, this.#before, this.#after);
  }

  /**
   * @param {State} now
   * @returns {State} the state before the latest undo
   */
  redo(now) {
    return this.#step(now, this.#after, this.#before);
  }

  get size() {
    return { undo: this.#before.length, redo: this.#after.length };
  }

  /**
   * @param {State} now
   * @param {State[]} from
   * @param {State[]} to
   */
  #step(now, from, to) {
    const state = from.pop();
    if (!state) return now;
    this.#typing = null;
    to.push(now);
    return state;
  }
}
