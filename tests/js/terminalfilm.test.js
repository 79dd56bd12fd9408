// A terminal's film: what has to be drawn to be at a moment, forwards, backwards and across shells.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFilm, joinOutput } from "../../static/js/lib/review/terminalfilm.js";

const start = (t) => ({ t, kind: "start", rows: 24, cols: 80 });
const out = (t, text) => ({ t, kind: "out", data: btoa(text) });

function filmOf(...items) {
  const film = createFilm();
  film.add(items);
  return film;
}

const textOf = (items) =>
  joinOutput(items)
    .filter((item) => item.kind === "out")
    .map((item) => new TextDecoder().decode(item.data))
    .join("");

test("playing on draws only what is new", () => {
  const film = filmOf(start(0), out(10, "a"), out(20, "b"), out(30, "c"));
  const plan = film.plan(2, 25);

  assert.equal(textOf(plan.items), "b");
  assert.deepEqual([plan.to, plan.isAnew], [3, false]);
});

test("going back draws the shell again from its start", () => {
  const film = filmOf(start(0), out(10, "a"), out(20, "b"), out(30, "c"));
  const plan = film.plan(4, 20);

  assert.equal(textOf(plan.items), "ab");
  assert.deepEqual([plan.to, plan.isAnew], [3, true]);
});

test("another shell begins on an empty screen", () => {
  const film = filmOf(start(0), out(10, "old"), start(50), out(60, "new"));

  assert.equal(textOf(film.plan(2, 70).items), "new");
  assert.equal(textOf(film.plan(4, 15).items), "old");
  assert.deepEqual(film.plan(4, -1).items, []);
});

test("times that go back are drawn where they stand", () => {
  const film = filmOf(start(100), out(90, "late"));

  assert.equal(film.plan(0, 95).to, 0);
  assert.equal(textOf(film.plan(0, 100).items), "late");
});

test("neighbouring output is one write, in the order of everything else", () => {
  const size = { kind: "size", t: 1, rows: 5, cols: 5 };
  const joined = joinOutput([out(0, "a"), out(0, "\xff"), size, out(2, "c")]);

  assert.deepEqual(
    joined.map((item) => item.kind),
    ["out", "size", "out"],
  );
  assert.deepEqual([...joined[0].data], [97, 255]);
});
