// Live view without a page: where a decoder may begin, and what is fed next.
import assert from "node:assert/strict";
import { test } from "node:test";

import { findStart } from "../../static/js/lib/live/cuts.js";
import { nextChunk, secondsBehind } from "../../static/js/lib/live/plan.js";

const CLUSTER = [
  0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe7, 0x81,
];

test("a cluster is found behind the rest of another one, a chance look-alike is not", () => {
  const alike = [0x1f, 0x43, 0xb6, 0x75, 0x81, 0x00, 0x00];
  const bytes = Uint8Array.from([9, 9, ...alike, ...CLUSTER, 0, 0, 0]);
  assert.equal(findStart(bytes, false), 9);
  assert.equal(findStart(Uint8Array.from([...alike, ...new Array(20).fill(0)]), false), -1);
});

test("in MP4 a fragment begins four bytes before its name", () => {
  const bytes = Uint8Array.from([
    1,
    2,
    3,
    0,
    0,
    0,
    40,
    0x6d,
    0x6f,
    0x6f,
    0x66,
    ...new Array(12).fill(0),
  ]);
  assert.equal(findStart(bytes, true), 3);
});

function segment(id, ...indexes) {
  return { id, chunks: indexes.map((index) => ({ index })) };
}

function take(segments, last) {
  const next = nextChunk(segments, last);
  return next && [next.segment.id, next.chunk.index, next.isJoined];
}

test("it begins one chunk before the newest, and goes on chunk by chunk", () => {
  const segments = [segment("a", 0, 1, 2, 3)];
  assert.deepEqual(take(segments, null), ["a", 2, false]);
  assert.deepEqual(take(segments, { segment: "a", index: 2 }), ["a", 3, true]);
  assert.equal(take(segments, { segment: "a", index: 3 }), null);
  assert.equal(take([], null), null);
});

test("behind a hole, and in a new recorder, bytes do not join", () => {
  const segments = [segment("a", 0, 1, 4), segment("b", 0, 1)];
  assert.deepEqual(take(segments, { segment: "a", index: 1 }), ["a", 4, false]);
  assert.deepEqual(take(segments, { segment: "a", index: 4 }), ["b", 0, false]);
  assert.deepEqual(take(segments, { segment: "b", index: 0 }), ["b", 1, true]);
});

test("a segment that is no longer told of means beginning anew", () => {
  assert.deepEqual(take([segment("b", 0, 1, 2)], { segment: "a", index: 9 }), ["b", 1, false]);
});

test("the delay counts from the server's clock", () => {
  const now = { ms: 60_000, at: 100 };
  assert.equal(secondsBehind({ now, at: 50_000, current: 2100 }), 12);
});
