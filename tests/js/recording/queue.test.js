import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createQueue } from "../../../static/js/lib/recording/queue.js";
import { sendRest } from "../../../static/js/lib/recording/rest.js";
import { memorySlices } from "./memory_slices.js";

const BASE = "/r";
let store;
let sent;
let answers;
let queues;
let held;

/** Locks as a browser grants them: by name, one after another. */
function fakeLocks() {
  const waiting = new Map();
  return {
    request(name, ...rest) {
      const work = rest.at(-1);
      const before = waiting.get(name) ?? Promise.resolve();
      const after = before.then(async () => {
        held.add(name);
        await work();
        held.delete(name);
      });
      waiting.set(name, after);
      return after;
    },
    query: async () => ({ held: [...held].map((name) => ({ name })) }),
  };
}

function scope(changes = {}) {
  const BroadcastChannel = class {
    postMessage() {}
    close() {}
  };
  const navigator = { onLine: true, locks: fakeLocks(), ...changes };
  return Object.assign(new EventTarget(), { navigator, BroadcastChannel });
}

function uploads() {
  const answer = (call) => {
    sent.push(call);
    return answers.shift() ?? { kind: "stored" };
  };
  return {
    open: async ({ segment }) => answer(["open", segment]),
    put: async ({ segment }, { index, sha256 }, bytes) =>
      answer(["put", segment, index, new TextDecoder().decode(bytes), sha256.length]),
    close: async ({ segment }, manifest) => answer(["close", segment, manifest.last_index]),
  };
}

function queue(changes) {
  const made = createQueue({ base: BASE, store, uploads: uploads(), scope: scope(changes) });
  queues.push(made);
  return made;
}

const started = { segment: "s", mime_type: "video/webm", started_ms: 0, video: null };

async function record(into, texts) {
  into.openSegment(started);
  for (const [index, text] of texts.entries()) {
    const blob = new Blob([text]);
    into.addSlice({ segment: "s", index, start_ms: index * 2000, duration_ms: 2000, blob });
  }
  await into.endSegment("s");
}

beforeEach(() => {
  store = memorySlices();
  sent = [];
  answers = [];
  queues = [];
  held = new Set();
});

afterEach(() => {
  for (const made of queues) made.stop();
});

test("slices arrive as chunks, then the segment is closed and nothing stays behind", async () => {
  const made = queue();
  await record(made, ["a", "b", "c", "d", "e", "f", "g"]);
  made.start();
  const counts = await made.drain();
  assert.deepEqual(sent, [
    ["open", "s"],
    ["put", "s", 0, "a", 64],
    ["put", "s", 1, "bcdef", 64],
    ["put", "s", 2, "g", 64],
    ["close", "s", 2],
  ]);
  assert.deepEqual(counts, { captured_ms: 14000, stored_ms: 14000, waiting: 0 });
  assert.equal(store.kept.size, 0);
});

test("what was not acknowledged stays and is sent again with the same bytes", async () => {
  const made = queue();
  await record(made, ["a", "b"]);
  answers = [{ kind: "stored" }, { kind: "again", after_ms: null }];
  const states = [];
  made.on("state", (state) => states.push(state));
  made.on("counts", () => {
    if (sent.length === 2) assert.equal(store.kept.size, 2);
  });
  made.start();
  await made.drain();
  assert.deepEqual(sent[1], sent[2]);
  assert.ok(states.includes("waiting"));
  assert.equal(store.kept.size, 0);
});

test("a refused chunk is reported and does not hold up the next", async () => {
  const made = queue();
  const refused = [];
  made.on("refused", (reason) => refused.push(reason));
  await record(made, ["a", "b"]);
  answers = [{ kind: "stored" }, { kind: "refused", status: 413, code: "too_large" }];
  made.start();
  const counts = await made.drain();
  assert.deepEqual(refused, [{ segment: "s", index: 0, status: 413, code: "too_large" }]);
  assert.deepEqual(sent.slice(2), [
    ["put", "s", 1, "b", 64],
    ["close", "s", 1],
  ]);
  assert.equal(counts.stored_ms, 2000);
});

for (const status of [401, 403, 404]) {
  test(`a segment refused with ${status} ends the wait; a reload tries it again`, () =>
    refuseThenReload(status));
}

async function refuseThenReload(status) {
  const made = queue();
  await record(made, ["a"]);
  answers = [{ kind: "refused", status, code: "signed_out" }];
  made.start();
  assert.equal((await made.drain()).waiting, 0);
  assert.equal(store.kept.size, 1);
  made.stop();
  const again = queue();
  await again.openSegment({ ...started, segment: "t" });
  await again.endSegment("t");
  again.start();
  await again.drain();
  assert.deepEqual(sent.slice(1), [
    ["open", "s"],
    ["put", "s", 0, "a", 64],
    ["close", "s", 0],
    ["open", "t"],
    ["close", "t", -1],
  ]);
}

test("a segment whose page died is ended by the next page", async () => {
  const dead = queue();
  dead.openSegment(started);
  const blob = new Blob(["a"]);
  await dead.addSlice({ segment: "s", index: 0, start_ms: 0, duration_ms: 2000, blob });
  dead.stop();
  held.clear();
  const next = queue();
  next.start();
  await next.drain();
  assert.deepEqual(sent.at(-1), ["close", "s", 0]);
});

test("nothing is sent while offline, and all of it afterwards", async () => {
  const changes = { onLine: false };
  const surroundings = scope(changes);
  const made = createQueue({ base: BASE, store, uploads: uploads(), scope: surroundings });
  queues.push(made);
  await record(made, ["a"]);
  const offline = new Promise((resolve) => made.on("state", resolve));
  made.start();
  assert.equal(await offline, "offline");
  assert.deepEqual(sent, []);
  surroundings.navigator.onLine = true;
  surroundings.dispatchEvent(new Event("online"));
  await made.drain();
  assert.equal(sent.length, 3);
});

test("a full disk is told and costs only that slice", async () => {
  const made = queue();
  const problems = [];
  made.on("problem", (problem) => problems.push(problem.code));
  const addSlice = store.addSlice;
  let calls = 0;
  store.addSlice = async (...args) => {
    calls += 1;
    if (calls === 2) throw Object.assign(new Error("full"), { name: "QuotaExceededError" });
    return addSlice(...args);
  };
  await record(made, ["a", "b", "c"]);
  made.start();
  await made.drain();
  assert.deepEqual(problems, ["storage_full"]);
  assert.deepEqual(
    sent.filter(([kind]) => kind === "put").map(([, , index, text]) => [index, text]),
    [
      [0, "a"],
      [2, "c"],
    ],
  );
});

test("what an earlier page left is sent by the last one, and a final no is told as one", async () => {
  await record(queue(), ["a"]);
  answers = [{ kind: "stored" }, { kind: "refused", status: 403, code: "csrf_failed" }];
  const waiting = [];
  const told = await sendRest(queue(), (counts) => waiting.push(counts.waiting));
  assert.deepEqual([told.refusal.code, waiting[0], waiting.at(-1)], ["csrf_failed", 1, 0]);
  assert.equal(store.kept.size, 1);

  const again = await sendRest(queue(), () => {});
  assert.deepEqual([again, store.kept.size], [{ refusal: null }, 0]);
  assert.equal(await sendRest(queue(), assert.fail), null);
});
