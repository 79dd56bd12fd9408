import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CHUNK_BYTES,
  manifestOf,
  newSegment,
  planChunk,
  sealed,
  withChunk,
} from "../../../static/js/lib/recording/grouping.js";

const segment = (changes = {}) => ({
  ...newSegment({ segment: "s", base: "/b", track: "camera", mime_type: "m", started_ms: 5 }),
  ...changes,
});

function slices(...indexes) {
  return indexes.map((index) => ({
    index,
    start_ms: index * 2000,
    duration_ms: 2000,
    size: 100,
  }));
}

test("the first chunk is the first slice alone", () => {
  const chunk = planChunk(segment(), slices(0, 1, 2));
  assert.deepEqual([chunk.index, chunk.first, chunk.last, chunk.size], [0, 0, 0, 100]);
});

test("later chunks wait for ten seconds and take no more", () => {
  const begun = segment({ next_slice: 1, next_chunk: 1 });
  assert.equal(planChunk(begun, slices(1, 2, 3, 4)), null);
  const chunk = planChunk(begun, slices(1, 2, 3, 4, 5, 6));
  assert.deepEqual([chunk.index, chunk.first, chunk.last], [1, 1, 5]);
  assert.deepEqual([chunk.start_ms, chunk.duration_ms], [2000, 10000]);
});

test("an ended segment gives what is left", () => {
  const begun = segment({ next_slice: 1, next_chunk: 1, ended: true });
  assert.deepEqual(planChunk(begun, slices(1, 2)).last, 2);
  assert.equal(planChunk(begun, []), null);
});

test("a chunk never grows past its size limit, but one large slice passes", () => {
  const begun = segment({ next_slice: 1, next_chunk: 1 });
  const large = slices(1, 2).map((slice) => ({ ...slice, size: CHUNK_BYTES - 1 }));
  assert.equal(planChunk(begun, large).last, 1);
});

test("a slice that was never kept leaves a chunk number out", () => {
  const begun = segment({ next_slice: 1, next_chunk: 1 });
  const before = planChunk(begun, slices(1, 2, 4, 5));
  assert.deepEqual([before.index, before.first, before.last], [1, 1, 2]);
  const after = planChunk({ ...sealed(begun, before), ended: true }, slices(1, 2, 4, 5));
  assert.deepEqual([after.index, after.first, after.last], [3, 4, 5]);
});

test("a decided chunk is not decided again", () => {
  const first = sealed(segment(), planChunk(segment(), slices(0, 1)));
  assert.deepEqual([first.next_slice, first.next_chunk], [1, 1]);
  assert.equal(planChunk(first, slices(0, 1)), null);
});

test("the manifest names every chunk, refused ones too", () => {
  let record = sealed(segment({ duration_ms: 2000 }), planChunk(segment(), slices(0)));
  record = withChunk(record, 0, { sha256: "ab", state: "refused" });
  assert.deepEqual(manifestOf(record), {
    last_index: 0,
    duration_ms: 2000,
    chunks: [{ index: 0, sha256: "ab", size: 100 }],
  });
});
