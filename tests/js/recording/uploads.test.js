import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createUploads,
  judge,
  retryDelay,
  sha256Hex,
} from "../../../static/js/lib/recording/uploads.js";

const answer = (status, body = "", headers = {}) => new Response(body, { status, headers });

for (const status of [500, 502, 503, 408, 425, 429]) {
  test(`${status} is tried again`, async () => {
    assert.deepEqual(await judge(answer(status)), { kind: "again", after_ms: null });
  });
}

for (const status of [400, 403, 404, 409, 413, 415]) {
  test(`${status} is final and carries its reason`, async () => {
    const expected = { kind: "refused", status, code: "chunk_differs" };
    assert.deepEqual(await judge(answer(status, '{"code": "chunk_differs"}')), expected);
    assert.equal((await judge(answer(status, "<html>"))).code, "refused");
  });
}

test("a refusal that the server calls retryable is tried again", async () => {
  const body = '{"code": "hash_mismatch", "retryable": true}';
  assert.deepEqual(await judge(answer(400, body)), { kind: "again", after_ms: null });
});

test("a Retry-After is kept to, within a minute", async () => {
  assert.equal((await judge(answer(429, "", { "Retry-After": "3" }))).after_ms, 3000);
  assert.equal((await judge(answer(429, "", { "Retry-After": "9999" }))).after_ms, 60_000);
});

test("delays grow from a quarter second to eight seconds, with jitter", () => {
  const longest = [0, 1, 2, 5, 50].map((attempt) => retryDelay(attempt, () => 1));
  assert.deepEqual(longest, [250, 500, 1000, 8000, 8000]);
  assert.equal(
    retryDelay(5, () => 0),
    4000,
  );
});

test("the hash is that of the bytes", async () => {
  assert.equal(
    await sha256Hex(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("a chunk goes to its own address with what the server needs to check it", async () => {
  const calls = [];
  const fetch = async (url, init) => {
    calls.push({ url, ...init });
    return answer(201);
  };
  const uploads = createUploads("/api/r", { csrf: () => "token", fetch });
  const chunk = { index: 3, sha256: "ab", start_ms: 22000, duration_ms: 10000 };
  const done = await uploads.put({ segment: "s", mime_type: "video/webm" }, chunk, "bytes");
  assert.deepEqual(done, { kind: "stored" });
  const [{ url, method, headers, body }] = calls;
  assert.deepEqual([url, method, body], ["/api/r/segments/s/chunks/3", "PUT", "bytes"]);
  assert.deepEqual(headers, {
    "Content-Type": "video/webm",
    "X-Chunk-Sha256": "ab",
    "X-Chunk-Start-Ms": "22000",
    "X-Chunk-Duration-Ms": "10000",
    "X-CSRFToken": "token",
  });
});

test("no connection is tried again", async () => {
  const fetch = () => Promise.reject(new TypeError("failed"));
  const uploads = createUploads("/api/r", { csrf: () => "", fetch });
  assert.equal((await uploads.close({ segment: "s" }, {})).kind, "again");
});
