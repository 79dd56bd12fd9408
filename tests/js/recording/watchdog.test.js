import assert from "node:assert/strict";
import { test } from "node:test";
import { createWatchdog } from "../../../static/js/lib/recording/watchdog.js";

function dog() {
  let barks = 0;
  const made = createWatchdog(() => {
    barks += 1;
  });
  const times = (count, what) => {
    for (let at = 0; at < count; at += 1) what();
  };
  return {
    fed: (...sizes) => sizes.map((size) => made.fed(size)),
    ticks: (count) => times(count, made.tick),
    barks: () => barks,
  };
}

test("two empty slices in a row are a recorder that yields nothing", () => {
  const { fed, barks } = dog();
  fed(10, 0, 10, 0);
  assert.equal(barks(), 0);
  fed(0);
  assert.equal(barks(), 1);
});

test("two slices that do not come are noticed with the third", () => {
  const { fed, ticks, barks } = dog();
  fed(10);
  ticks(2);
  assert.equal(barks(), 0);
  ticks(1);
  assert.equal(barks(), 1);
});

test("a slice in time starts the count anew", () => {
  const { fed, ticks, barks } = dog();
  for (let at = 0; at < 5; at += 1) {
    fed(10);
    ticks(2);
  }
  assert.equal(barks(), 0);
});

test("the first slice of all may take longer, but not for ever", () => {
  const { ticks, barks } = dog();
  ticks(4);
  assert.equal(barks(), 0);
  ticks(1);
  assert.equal(barks(), 1);
});

test("it is told once", () => {
  const { fed, ticks, barks } = dog();
  fed(0, 0, 0, 0);
  ticks(9);
  assert.equal(barks(), 1);
});
