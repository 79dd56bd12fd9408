// @ts-check
// How notes follow their words.

/**
 * A passage with a note: from included, to excluded, in UTF-16 code units.
 * @typedef {{ id: string, from: number, to: number }} Note
 */

/**
 * Where the notes are after `length` units were inserted at `at`.
 * @param {Note[]} notes
 * @param {number} at
 * @param {number} length
 * @returns {Note[]}
 */
export function afterInsert(notes, at, length) {
  return notes.map((note) => ({
    ...note,
    from: note.from > at ? note.from + length : note.from,
    to: note.to > at ? note.to + length : note.to,
  }));
}

/**
 * Where the notes are after the units from `from` to `to` were deleted.
 * @param {Note[]} notes
 * @param {number} from
 * @param {number} to
 * @returns {Note[]}
 */
export function afterDelete(notes, from, to) {
  const length = to - from;
  return notes
    .map((note) => ({
      ...note,
      from: note.from > from ? note.from - length : note.from,
      to: note.to > from ? note.to - length : note.to,
    }))
    .filter((note) => note.from < note.to);
}
