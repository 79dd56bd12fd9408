import assert from "node:assert/strict";
import test from "node:test";
import { run } from "../session.js";

const write = (text, at = 0, ms = undefined) => ({ op: "insert", at, text, ms });
const note = (id, from, to) => ({ op: "note", id, from, to });
const cut = (from, to) => ({ op: "delete", from, to });
const undo = { op: "undo" };
const redo = { op: "redo" };
const LETTER = [write("Dear Ada, thank you"), note("n1", 5, 8)];
const quotes = (steps) => run(steps).notes.map(({ quote }) => quote);

test("a note moves with text inserted before it", () => {
  assert.deepEqual(run([...LETTER, write("My ")]).notes, [
    { id: "n1", from: 8, to: 11, quote: "Ada" },
  ]);
});

test("a note does not take in text written at its start or its end", () => {
  assert.deepEqual(quotes([...LETTER, write("Miss ", 5)]), ["Ada"]);
  assert.deepEqual(quotes([...LETTER, write(" dear", 8)]), ["Ada"]);
});

test("a note grows with text inserted inside it", () => {
  assert.deepEqual(quotes([...LETTER, write("-", 6)]), ["A-da"]);
});

test("deleting before a note moves it", () => {
  assert.deepEqual(quotes([...LETTER, cut(0, 5)]), ["Ada"]);
});

test("deleting across an edge leaves the words that remain", () => {
  assert.deepEqual(quotes([...LETTER, cut(3, 6)]), ["da"]);
  assert.deepEqual(quotes([...LETTER, cut(7, 10)]), ["Ad"]);
});

test("a note without words is lost", () => {
  assert.deepEqual(quotes([...LETTER, cut(4, 9)]), []);
});

test("undo brings a lost note back", () => {
  assert.deepEqual(quotes([...LETTER, cut(4, 9), undo]), ["Ada"]);
});

test("undo takes back a note, redo gives it again", () => {
  assert.deepEqual(quotes([...LETTER, undo]), []);
  assert.deepEqual(quotes([...LETTER, undo, redo]), ["Ada"]);
});

test("a new step empties the redo list", () => {
  const { text, redo: left } = run([write("one"), undo, write("two"), redo]);
  assert.deepEqual([text, left], ["two", 0]);
});

test("typing without a pause is one step", () => {
  const typed = [write("a", 0, 0), write("b", 1, 400), write("c", 2, 1400)];
  assert.equal(run(typed).undo, 1);
  assert.equal(run([...typed, undo]).text, "");
});

test("a pause begins a new step", () => {
  const typed = [write("a", 0, 0), write("b", 1, 1001)];
  assert.equal(run([...typed, undo]).text, "a");
});
