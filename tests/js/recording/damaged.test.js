import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { newSegment } from "../../../static/js/lib/recording/grouping.js";
import { createSending } from "../../../static/js/lib/recording/sending.js";
import { sha256Hex } from "../../../static/js/lib/recording/uploads.js";
import { memorySlices } from "./memory_slices.js";

const BASE = "/r";
let store;
let sent;
let told;
let answer;
let sending;

async function keep(...texts) {
  const facts = { segment: "s", base: BASE, track: "camera", mime_type: "m", started_ms: 0 };
  await store.addSegment({ ...newSegment(facts), opened: true, ended: true });
  for (const [index, text] of texts.entries()) {
    const blob = new Blob([text]);
    const sha256 = await sha256Hex(await blob.arrayBuffer());
    const times = { start_ms: index * 2000, duration_ms: 2000 };
    await store.addSlice(BASE, { segment: "s", index, ...times, sha256, blob });
  }
}

function change(index, blob) {
  const key = `s ${index}`;
  store.kept.set(key, { ...store.kept.get(key), blob });
}

async function sendOne() {
  const found = await sending.next(new Set());
  if (found) await found.send();
  return Boolean(found);
}

async function sendAll() {
  while (await sendOne());
}

beforeEach(() => {
  store = memorySlices();
  sent = [];
  told = [];
  answer = { kind: "stored" };
  const take = (call) => {
    sent.push(call);
    return answer;
  };
  const uploads = {
    put: async (_record, { index }, bytes) => take([index, new TextDecoder().decode(bytes)]),
    close: async (_record, { last_index }) => take(["close", last_index]),
  };
  const emit = (_name, { index, code }) => told.push([index, code]);
  sending = createSending({ base: BASE, store, uploads, emit });
});

test("a slice that changed in the store leaves a hole of its own length", async () => {
  await keep("a", "b", "c", "d", "e");
  change(2, new Blob(["X"]));
  await sendAll();
  const expected = [
    [0, "a"],
    [1, "b"],
    [3, "de"],
    ["close", 3],
  ];
  assert.deepEqual(sent, expected);
  assert.deepEqual(told, [[1, "slice_damaged"]]);
  assert.equal(store.kept.size, 0);
});

test("a slice that cannot be read any more is given up, the rest is sent", async () => {
  await keep("a", "b", "c");
  let reads = 0;
  const fail = async () => {
    reads += 1;
    throw new Error("gone");
  };
  change(1, { size: 1, arrayBuffer: fail });
  await sendAll();
  const expected = [
    [0, "a"],
    [2, "c"],
    ["close", 2],
  ];
  assert.deepEqual([sent, reads], [expected, 3]);
});

test("a damaged end is told to the server as a chunk that never comes", async () => {
  await keep("a", "b");
  change(1, new Blob(["X"]));
  await sendAll();
  const expected = [
    [0, "a"],
    ["close", 1],
  ];
  assert.deepEqual(sent, expected);
});

test("the last decided chunk is decided anew when a slice is damaged before it is sent again", async () => {
  await keep("a", "b", "c", "d");
  await sendOne();
  answer = { kind: "again" };
  await sendOne();
  answer = { kind: "stored" };
  change(2, new Blob(["X"]));
  await sendAll();
  const expected = [
    [0, "a"],
    [1, "bcd"],
    [1, "b"],
    [3, "d"],
    ["close", 3],
  ];
  assert.deepEqual(sent, expected);
});

test("a decided chunk that others follow is lost whole, and nothing is joined across it", async () => {
  await keep("a", "b", "c", "d", "e", "f", "g");
  await sendOne();
  answer = { kind: "again" };
  await sendOne();
  answer = { kind: "stored" };
  const last = await sending.next(new Set(["s 1"]));
  await last.send();
  change(3, new Blob(["X"]));
  await sendAll();
  const expected = [
    [0, "a"],
    [1, "bcdef"],
    [2, "g"],
    ["close", 2],
  ];
  assert.deepEqual(sent, expected);
  assert.deepEqual(told, [[1, "slice_damaged"]]);
});
