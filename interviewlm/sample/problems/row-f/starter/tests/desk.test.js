import assert from "node:assert/strict";
import test from "node:test";
import { simulate } from "../simulate.js";

const ROW_F = { rows: { F: 8 } };
const hold = (id, at, guest, ...seats) => ({ id, at, do: "hold", guest, seats });
const confirm = (id, at, of) => ({ id, at, do: "confirm", hold: of });
const best = (id, at, guest, size) => ({ id, at, do: "best", guest, size });

test("a confirmed hold seats the guest", () => {
  const { seats } = simulate({ rows: { F: 2 } }, [
    hold("c1", 0, "Ada", "F2"),
    confirm("c2", 60, "c1"),
  ]);
  assert.deepEqual(seats, { F1: "free", F2: "Ada" });
});

test("a released hold frees its seats", () => {
  const { answers, seats } = simulate({ rows: { F: 1 } }, [
    hold("c1", 0, "Ada", "F1"),
    { id: "c2", at: 10, do: "release", hold: "c1" },
    confirm("c3", 20, "c1"),
  ]);
  assert.deepEqual(answers[1], { id: "c2", ok: true, seats: ["F1"] });
  assert.deepEqual(answers[2], { id: "c3", ok: false, reason: "closed" });
  assert.deepEqual(seats, { F1: "free" });
});

test("an unknown hold is refused", () => {
  const { answers, events } = simulate(ROW_F, [confirm("c1", 0, "c9")]);
  assert.deepEqual(answers, [{ id: "c1", ok: false, reason: "unknown hold" }]);
  assert.deepEqual(events, []);
});

test("Saturday: the same seats are sold once", () => {
  const { answers, seats } = simulate(ROW_F, [
    hold("c1", 0, "Ada", "F6", "F7"),
    hold("c2", 480, "Bo", "F6", "F7"),
    confirm("c3", 480, "c1"),
    confirm("c4", 490, "c2"),
  ]);
  assert.deepEqual(answers[2], { id: "c3", ok: false, reason: "expired" });
  assert.equal(answers[3].ok, true);
  assert.deepEqual([seats.F6, seats.F7], ["Bo", "Bo"]);
});

test("a hold that ran out is recorded at the second it ran out", () => {
  const { events, seats } = simulate(ROW_F, [
    hold("c1", 0, "Ada", "F6"),
    confirm("c2", 600, "c9"),
  ]);
  assert.deepEqual(events[1], { type: "expired", at: 480, hold: "c1" });
  assert.equal(seats.F6, "free");
});

test("a hold takes all its seats or none", () => {
  const { answers, seats } = simulate(ROW_F, [
    hold("c1", 0, "Ada", "F3"),
    hold("c2", 1, "Bo", "F3", "F4"),
  ]);
  assert.deepEqual(answers[1], { id: "c2", ok: false, reason: "taken" });
  assert.equal(seats.F4, "free");
});

test("the same command again changes nothing", () => {
  const { answers, events } = simulate(ROW_F, [
    hold("c1", 0, "Ada", "F1"),
    hold("c1", 5, "Ada", "F1"),
  ]);
  assert.deepEqual(answers[1], answers[0]);
  assert.equal(events.length, 1);
});

test("best takes neighbouring seats in the middle of the row", () => {
  const { answers } = simulate(ROW_F, [best("c1", 0, "Ada", 2)]);
  assert.deepEqual(answers, [{ id: "c1", ok: true, seats: ["F4", "F5"] }]);
});

test("best says when there is no room", () => {
  const { answers } = simulate(ROW_F, [best("c1", 0, "Ada", 9)]);
  assert.deepEqual(answers, [{ id: "c1", ok: false, reason: "no room" }]);
});
