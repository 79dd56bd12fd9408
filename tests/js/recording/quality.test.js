import assert from "node:assert/strict";
import { test } from "node:test";
import { createEmitter } from "../../../static/js/lib/events.js";
import { createPace, keepRate, readRate } from "../../../static/js/lib/recording/pace.js";
import { createQuality, firstStep, STEPS } from "../../../static/js/lib/recording/quality.js";
import { checkSpace, neededBytes } from "../../../static/js/lib/recording/space.js";

const MB = 1e6;
const nameOf = (index) => STEPS[index].name;

for (const [megabits, options, step] of [
  [0, {}, "full"],
  [50, {}, "full"],
  [3.3, {}, "full"],
  [3.3, { screen: true }, "half"],
  [2, {}, "half"],
  [1.2, {}, "low"],
  [0.6, {}, "small"],
  [0.05, {}, "small"],
]) {
  test(`${megabits} Mbit/s ${JSON.stringify(options)} begin with ${step}`, () =>
    assert.equal(nameOf(firstStep(megabits, options)), step));
}

/** Observes each backlog in turn and gives the names of the steps taken. */
function watch(quality, backlogs, state = "uploading") {
  return backlogs
    .map((waitingBytes) => quality.observe({ waitingBytes, state })?.name)
    .filter(Boolean);
}

const rising = (from, count, by = 3 * MB) =>
  Array.from({ length: count }, (_, index) => from + index * by);
const calm = (count) => Array.from({ length: count }, () => 0);

test("a backlog that grows three times in a row takes one step down, and so on to sound alone", () => {
  const quality = createQuality();
  assert.deepEqual(watch(quality, rising(0, 4, 4 * MB)), ["half"]);
  assert.deepEqual(watch(quality, rising(20 * MB, 20)), ["low", "small", "sound"]);
  assert.equal(quality.step.videoBits, 0);
});

test("a small backlog that comes and goes changes nothing", () => {
  const quality = createQuality();
  assert.deepEqual(
    watch(
      quality,
      [0, 3, 1, 3, 0, 3, 4, 5, 2].map((one) => one * MB),
    ),
    [],
  );
});

test("a connection that is away or a server that refuses is no slow connection", () => {
  const quality = createQuality();
  assert.deepEqual(watch(quality, rising(0, 9), "offline"), []);
  assert.deepEqual(watch(quality, rising(40 * MB, 9), "waiting"), []);
  assert.equal(quality.step.name, "full");
});

test("what waited offline and is now sent takes no step down", () => {
  const quality = createQuality();
  watch(quality, rising(0, 5), "offline");
  assert.deepEqual(watch(quality, rising(90 * MB, 9, -6 * MB)), []);
});

test("it goes up after a calm minute, one step at a time", () => {
  const quality = createQuality(2);
  assert.deepEqual(watch(quality, calm(5)), []);
  assert.deepEqual(watch(quality, calm(7)), ["half", "full"]);
});

test("a step up that did not hold makes the next one later", () => {
  const quality = createQuality(1);
  assert.deepEqual(watch(quality, calm(6)), ["full"]);
  assert.deepEqual(watch(quality, rising(0, 4, 6 * MB)), ["half"]);
  assert.deepEqual(watch(quality, calm(11)), []);
  assert.deepEqual(watch(quality, calm(1)), ["full"]);
});

test("the queue's backlog changes what is recorded, while it is watched", async () => {
  let waiting_bytes = 0;
  const queue = { ...createEmitter(), counts: async () => ({ waiting_bytes }) };
  const told = [];
  const changed = (step, before) => told.push(`${before.name}>${step.name}`);
  const pace = createPace({ queue, megabits: 2, hasScreen: () => false, changed });
  assert.equal(pace.step.name, "half");
  queue.emit("state", "uploading");
  pace.start();
  for (const backlog of [0, 3, 6, 9]) {
    waiting_bytes = backlog * MB;
    await pace.tick();
  }
  pace.stop();
  assert.deepEqual(told, ["half>low"]);
});

test("the rate of the check is known in the room, and nothing where nothing is kept", () => {
  const kept = new Map();
  const storage = {
    setItem: (key, value) => kept.set(key, value),
    getItem: (key) => kept.get(key) ?? null,
  };
  keepRate("one", 1.5, storage);
  assert.deepEqual([readRate("one", storage), readRate("two", storage)], [1.5, 0]);
  assert.equal(readRate("one", {}), 0);
});

const disk = (quota, usage = 0) => ({ estimate: async () => ({ quota, usage }) });
const HOUR_MS = 3_600_000;

test("an hour takes about 1.2 GB, with the screen half as much again", () => {
  assert.equal(Math.round(neededBytes(HOUR_MS) / 1e8), 13);
  assert.equal(Math.round(neededBytes(HOUR_MS, { screen: true }) / 1e8), 18);
});

test("too little room is told with the minutes there are", async () => {
  const found = await checkSpace(HOUR_MS, {}, disk(700 * MB, 50 * MB));
  assert.deepEqual([found.code, found.minutes], ["short", 29]);
});

test("enough room, no end, and a browser that does not tell are no trouble", async () => {
  assert.equal((await checkSpace(HOUR_MS, {}, disk(2000 * MB))).code, "ok");
  assert.equal((await checkSpace(null, {}, disk(10 * MB))).code, "ok");
  const mute = { estimate: () => Promise.reject(new Error("no")) };
  for (const storage of [undefined, {}, disk(0), mute]) {
    assert.equal((await checkSpace(HOUR_MS, {}, storage)).code, "unknown");
  }
});
