// @ts-check
// One sitting with a letter, step by step.

import { pathToFileURL } from "node:url";
import { Letter } from "./letter.js";

/**
 * @typedef {{ op: "insert", at: number, text: string, ms?: number }
 *   | { op: "delete", from: number, to: number, ms?: number }
 *   | { op: "note", id: string, from: number, to: number, ms?: number }
 *   | { op: "unnote", id: string, ms?: number }
 *   | { op: "undo" | "redo", ms?: number }} Step
 */

/**
 * Take the steps one after the other, beginning with an empty letter.
 * @param {Step[]} steps
 */
export function run(steps) {
  const letter = new Letter();
  for (const step of steps) take(letter, step);
  const notes = letter.notes
    .map((note) => ({ ...note, quote: letter.text.slice(note.from, note.to) }))
    .sort(byPlace);
  return { text: letter.text, notes, ...letter.history.size };
}

/**
 * @param {Letter} letter
 * @param {Step} step
 */
function take(letter, step) {
  if (step.op === "insert") letter.insert(step.at, step.text);
  else if (step.op === "delete") letter.delete(step.from, step.to);
  else if (step.op === "note") letter.note({ id: step.id, from: step.from, to: step.to });
  else if (step.op === "unnote") letter.unnote(step.id);
  else letter[step.op]();
}

/**
 * @param {import("./notes.js").Note} a
 * @param {import("./notes.js").Note} b
 */
function byPlace(a, b) {
  return a.from - b.from || a.to - b.to || (a.id < b.id ? -1 : 1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  console.log(
    run([
      { op: "insert", at: 0, text: "Dear Ada, thank you" },
      { op: "note", id: "n1", from: 5, to: 8 },
      { op: "insert", at: 0, text: "My " },
      { op: "undo" },
    ]),
  );
}
