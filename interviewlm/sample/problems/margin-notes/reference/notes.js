// @ts-check
// How notes follow their words. A note always holds at least one unit.

/**
 * A passage with a note: from included, to excluded, in UTF-16 code units.
 * @typedef {{ readonly id: string, readonly from: number, readonly to: number }} Note
 */

/**
 * Where the notes are after `length` units were inserted at `at`. New text
 * belongs to a note only when it has words of the note on both sides.
 * @param {readonly Note[]} notes
 * @param {number} at
 * @param {number} length
 * @returns {Note[]}
 */
export function afterInsert(notes, at, length) {
  return notes.map((note) => ({
    ...note,
    from: note.from >= at ? note.from + length : note.from,
    to: note.to > at ? note.to + length : note.to,
  }));
}

/**
 * Where the notes are after the units from `from` to `to` were deleted.
 * @param {readonly Note[]} notes
 * @param {number} from
 * @param {number} to
 * @returns {Note[]}
 */
export function afterDelete(notes, from, to) {
  /** @param {number} position */
  const moved = (position) =>
    position - Math.min(Math.max(position - from, 0), to - from);
  return notes
    .map((note) => ({ ...note, from: moved(note.from), to: moved(note.to) }))
    .filter((note) => note.from < note.to);
}
