import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createQueue } from "../../../static/js/lib/recording/queue.js";
import { sendRest } from "../../../static/js/lib/recording/rest.js";
import { memorySlices } from "./memory_slices.js";

const BASE = "/r";
const STORED = { kind: "stored" };
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

/** Chunks are sent side by side: their order is nobody's business. */
const inOrder = (calls) => calls.toSorted((one, other) => one[2] - other[2]);

test("slices arrive as chunks, then the segment is closed and nothing stays behind", async () => {
  const made = queue();
  await record(made, ["a", "b", "c", "d", "e", "f", "g"]);
  made.start();
  const counts = await made.drain();
  assert.deepEqual(sent[0], ["open", "s"]);
  assert.deepEqual(inOrder(sent.slice(1, -1)), [
    ["put", "s", 0, "a", 64],
    ["put", "s", 1, "bcdef", 64],
    ["put", "s", 2, "g", 64],
  ]);
  assert.deepEqual(sent.at(-1), ["close", "s", 2]);
  const whole = { captured_ms: 14000, stored_ms: 14000 };
  const tracks = { camera: whole, screen: { captured_ms: 0, stored_ms: 0 } };
  assert.deepEqual(counts, { ...whole, tracks, left_ms: 0, waiting: 0, waiting_bytes: 0 });
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
  const [, lost] = sent;
  assert.deepEqual(
    sent.filter((call) => call[0] === "put" && call[2] === lost[2]),
    [lost, lost],
  );
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
  const index = sent[1][2];
  assert.deepEqual(refused, [{ segment: "s", index, status: 413, code: "too_large" }]);
  assert.deepEqual(inOrder(sent.slice(1, -1)), [
    ["put", "s", 0, "a", 64],
    ["put", "s", 1, "b", 64],
  ]);
  assert.deepEqual(sent.at(-1), ["close", "s", 1]);
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
  const of = (segment) => sent.slice(1).filter((call) => call[1] === segment);
  assert.deepEqual(of("s"), [
    ["open", "s"],
    ["put", "s", 0, "a", 64],
    ["close", "s", 0],
  ]);
  assert.deepEqual(of("t"), [
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

test("three chunks travel at once, a segment's opening and closing alone", async () => {
  const chunks = 7;
  let under = 0;
  let put = 0;
  let waiting = [];
  const alone = async () => {
    assert.equal(under, 0);
    return { kind: "stored" };
  };
  const together = async () => {
    put += 1;
    under += 1;
    assert.ok(under <= 3);
    // None is answered before three are under way, but for the last one.
    if (put < chunks) {
      await new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length < 3) return;
        for (const release of waiting) release();
        waiting = [];
      });
    }
    under -= 1;
    return { kind: "stored" };
  };
  const made = createQueue({
    base: BASE,
    store,
    uploads: { open: alone, put: together, close: alone },
    scope: scope(),
  });
  queues.push(made);
  await record(
    made,
    Array.from({ length: 5 * (chunks - 1) + 1 }, (_, index) => String(index)),
  );
  made.start();
  const counts = await made.drain();
  assert.deepEqual([put, counts.waiting], [chunks, 0]);
});

test("a line that carries one chunk in time is not given three for ever", async () => {
  const under = new Set();
  let failed = 0;
  /** Whoever shares the line at any time is too slow, and cut off. */
  const slowly = async () => {
    const mine = { isShared: under.size > 0 };
    for (const other of under) other.isShared = true;
    under.add(mine);
    await new Promise((resolve) => setTimeout(resolve, 20));
    under.delete(mine);
    if (!mine.isShared) return STORED;
    failed += 1;
    if (failed > 20) queues[0].stop();
    return { kind: "again", after_ms: 1 };
  };
  const made = createQueue({
    base: BASE,
    store,
    uploads: { open: async () => STORED, put: slowly, close: async () => STORED },
    scope: scope(),
  });
  queues.push(made);
  await record(
    made,
    Array.from({ length: 16 }, (_, index) => String(index)),
  );
  made.start();
  assert.equal((await made.drain()).waiting, 0);
  assert.ok(failed <= 20);
});

test("what the server says is stored is dropped, what it does not know is opened again", async () => {
  const first = queue();
  await record(first, ["a", "b"]);
  const hashes = {};
  let isLost = true;
  const manifest = { segments: [], holes: [{ start_ms: 0 }] };
  const fake = uploads();
  const putting = async (segment, chunk, bytes) => {
    hashes[chunk.index] = chunk.sha256;
    const answer = await fake.put(segment, chunk, bytes);
    return isLost ? { kind: "refused", status: 403, code: "csrf_failed" } : answer;
  };
  const made = createQueue({
    base: BASE,
    store,
    uploads: { ...fake, put: putting, manifest: async () => manifest },
    scope: scope(),
  });
  queues.push(made);
  made.start();
  await made.drain();
  made.stop();

  // The answers were lost: the server has chunk 0, and chunk 1 arrived damaged.
  const chunk = (index, state) => ({ index, sha256: hashes[index], state });
  manifest.segments = [{ segment: "s", chunks: [chunk(0, "stored"), chunk(1, "damaged")] }];
  isLost = false;
  sent = [];
  const next = createQueue({
    base: BASE,
    store,
    uploads: { ...fake, put: putting, manifest: async () => manifest },
    scope: scope(),
  });
  queues.push(next);
  const holes = [];
  next.on("holes", (found) => holes.push(...found));
  await next.forgive();
  next.start();
  await next.drain();
  assert.deepEqual(sent, [
    ["put", "s", 1, "b", 64],
    ["close", "s", 1],
  ]);
  assert.deepEqual(holes, [{ start_ms: 0 }]);
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
  const puts = inOrder(sent.filter(([kind]) => kind === "put"));
  assert.deepEqual(
    puts.map(([, , index, text]) => [index, text]),
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
