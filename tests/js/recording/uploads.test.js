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

test("delays grow from a quarter second to eight seconds, with full jitter", () => {
  const longest = [0, 1, 2, 5, 50].map((attempt) => retryDelay(attempt, () => 1));
  assert.deepEqual(longest, [250, 500, 1000, 8000, 8000]);
  assert.equal(
    retryDelay(5, () => 0),
    0,
  );
});

test("the hash is that of the bytes", async () => {
  assert.equal(
    await sha256Hex(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

const SEGMENT = { segment: "s", mime_type: "video/webm" };
const CHUNK = { index: 3, sha256: "ab", start_ms: 22000, duration_ms: 10000 };
const BUCKET = "https://bucket.test/key?signed";
const direct = { state: "wanted", method: "PUT", url: BUCKET, headers: { "x-sum": "1" } };
const through = { state: "wanted", method: "PUT", url: "/api/r/put", headers: { "X-A": "b" } };

/** `server` gives [status, body] for a call, or throws where nothing answers. */
function connect(server) {
  const calls = [];
  const fetch = async (url, init) => {
    const isJson = typeof init.body === "string" && init.body.startsWith("{");
    const call = { ...init, url, sent: isJson ? JSON.parse(init.body) : init.body };
    calls.push(call);
    const [status, value = {}] = server(call);
    return answer(status, JSON.stringify(value));
  };
  return { calls, uploads: createUploads("/api/r", { csrf: () => "token", fetch }) };
}

const send = (uploads) => uploads.put(SEGMENT, CHUNK, new Uint8Array(5));

test("a chunk is announced, then put where its ticket says", async () => {
  const { calls, uploads } = connect(({ url }) =>
    url.endsWith("/ticket") ? [200, { ...through, confirm: false }] : [201],
  );
  assert.deepEqual(await send(uploads), { kind: "stored" });
  const [ticket, put] = calls;
  assert.equal(ticket.url, "/api/r/segments/s/chunks/3/ticket");
  assert.deepEqual(ticket.sent, { sha256: "ab", size: 5, start_ms: 22000, duration_ms: 10000 });
  assert.deepEqual([put.url, put.method, put.credentials], ["/api/r/put", "PUT", "same-origin"]);
  assert.deepEqual(put.headers, { "X-A": "b", "X-CSRFToken": "token" });
});

test("a large chunk gets the time that a slow line needs", async (context) => {
  const given = [];
  context.mock.method(AbortSignal, "timeout", (ms) => {
    given.push(ms);
    return new AbortController().signal;
  });
  const { uploads } = connect(({ url }) =>
    url.endsWith("/ticket") ? [200, { ...through, confirm: false }] : [201],
  );
  await uploads.put(SEGMENT, CHUNK, new Uint8Array(3_200_000));
  assert.deepEqual(given, [120_000, 320_000]);
});

test("a chunk that is stored already is not sent", async () => {
  const { calls, uploads } = connect(() => [200, { state: "stored" }]);
  assert.deepEqual(await send(uploads), { kind: "stored" });
  assert.equal(calls.length, 1);
});

test("the bucket is told nothing of who we are, and the server to look", async () => {
  const { calls, uploads } = connect(({ url }) =>
    url.endsWith("/ticket") ? [200, { ...direct, confirm: true }] : [201],
  );
  assert.deepEqual(await send(uploads), { kind: "stored" });
  const [, put, confirm] = calls;
  assert.deepEqual([put.url, put.credentials], [BUCKET, "omit"]);
  assert.deepEqual(put.headers, { "x-sum": "1" });
  assert.equal(confirm.url, "/api/r/segments/s/chunks/3/confirm");
  assert.deepEqual(confirm.sent, { sha256: "ab" });
});

for (const [name, code] of [
  ["forgotten", "ticket_unknown"],
  ["early", "not_arrived"],
]) {
  test(`a confirmation that is ${name} begins again with a ticket`, async () => {
    const { uploads } = connect(({ url }) => {
      if (url.endsWith("/ticket")) return [200, { ...direct, confirm: true }];
      return url === BUCKET ? [200] : [409, { code, retryable: true }];
    });
    assert.equal((await send(uploads)).kind, "again");
  });
}

for (const [name, refuse] of [
  ["signature", () => [403]],
  [
    "CORS rules",
    () => {
      throw new TypeError("Failed to fetch");
    },
  ],
]) {
  test(`a bucket whose ${name} refuse is left, and the server told once`, async () => {
    const { calls, uploads } = connect(({ url, sent }) => {
      if (url === BUCKET) return refuse();
      if (!url.endsWith("/ticket")) return [201];
      return [
        200,
        sent.route === "web" ? { ...through, confirm: false } : { ...direct, confirm: true },
      ];
    });
    const kinds = [];
    for (let at = 0; at < 5; at += 1) kinds.push((await send(uploads)).kind);
    assert.deepEqual(kinds, ["again", "again", "again", "stored", "stored"]);
    const said = calls.filter(({ sent }) => sent.direct_failed);
    assert.equal(said.length, 1);
  });
}

test("a bucket that cannot be reached while the server cannot either is no reason", async () => {
  let isOnline = true;
  const { calls, uploads } = connect(({ url }) => {
    if (!isOnline) throw new TypeError("offline");
    if (url === BUCKET) {
      isOnline = false;
      throw new TypeError("offline");
    }
    return [200, { ...direct, confirm: true }];
  });
  for (let at = 0; at < 9; at += 1) await send(uploads);
  assert.ok(!calls.some(({ sent }) => sent.route));
});

test("no connection is tried again", async () => {
  const fetch = () => Promise.reject(new TypeError("failed"));
  const uploads = createUploads("/api/r", { csrf: () => "", fetch });
  assert.equal((await uploads.close({ segment: "s" }, {})).kind, "again");
  assert.equal((await send(uploads)).kind, "again");
  assert.equal(await uploads.manifest(), null);
});
