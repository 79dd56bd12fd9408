// The desk's player without a page: parts, gaps, sprites, following, addresses, downloads.
import assert from "node:assert/strict";
import { test } from "node:test";

import { AddressError, createAddresses } from "../../static/js/lib/review/addresses.js";
import { fetchRanges } from "../../static/js/lib/review/download.js";
import { nextSpeed } from "../../static/js/lib/review/playerbar.js";
import {
  drawWave,
  findPart,
  gapAt,
  joinSpans,
  parseSprites,
} from "../../static/js/lib/review/playlist.js";
import { correctRate } from "../../static/js/lib/review/stage.js";
import { chooseFile } from "../../static/js/lib/review/track.js";

const PARTS = [
  { start: 1000, duration: 5000 },
  { start: 9000, duration: 3000 },
];

test("a time belongs to the part that shows it, or to the next one behind a gap", () => {
  assert.deepEqual(findPart(PARTS, 2500), { index: 0, offset: 1500, isExact: true });
  assert.deepEqual(findPart(PARTS, 7000), { index: 1, offset: 0, isExact: false });
  assert.deepEqual(findPart(PARTS, 99_000), { index: 1, offset: 3000, isExact: false });
});

test("only what no track shows is a gap to be skipped", () => {
  const camera = {
    parts: PARTS,
    gaps: [
      { start: 2000, end: 3000 },
      { start: 6000, end: 9000 },
    ],
  };
  const screen = { parts: [{ start: 0, duration: 7000 }], gaps: [] };
  assert.deepEqual(joinSpans([camera]), [
    [1000, 2000],
    [3000, 6000],
    [9000, 12_000],
  ]);
  const both = joinSpans([camera, screen]);
  assert.deepEqual(both, [
    [0, 7000],
    [9000, 12_000],
  ]);
  assert.equal(gapAt(both, 2500), null);
  assert.deepEqual(gapAt(both, 7000), { start: 7000, end: 9000 });
  assert.deepEqual(gapAt(both, 12_000), { start: 12_000, end: null });
});

test("an index of pictures is read, and what makes no sense in it left out", () => {
  const text =
    "WEBVTT\n\n00:00:10.500 --> 00:00:20.000\n/a/7/#xywh=160,90,160,90\n\n" +
    "01:02.000 --> 01:03.000\nno picture\n\n00:00:30.000 --> 00:00:40.000\n/b#xywh=0,0,x,90\n";
  assert.deepEqual(parseSprites(text), [
    { start: 10_500, end: 20_000, url: "/a/7/", x: 160, y: 90, width: 160, height: 90 },
  ]);
});

test("the strip has a line for each stretch with sound known, the loudest counts", () => {
  const part = { start: 1000, rate: 1, peaks: [0, 255] };
  const path = drawWave([part], 4000, { width: 4, top: 0, height: 10 });
  assert.equal(path, "M1.5 4.75V5.25M2.5 0.00V10.00");
});

test("a follower is left alone when close, hurried or slowed when not", () => {
  assert.equal(correctRate(1.5, 30), 1.5);
  assert.ok(correctRate(1, 200) < 1);
  assert.ok(correctRate(1, -200) > 1);
  assert.ok(correctRate(1, 5000) >= 0.85);
});

test("speeds go up and down within the list", () => {
  assert.equal(nextSpeed(1, 1), 1.25);
  assert.equal(nextSpeed(0.5, -1), 0.5);
  assert.equal(nextSpeed(3, 1), 3);
});

function server(status = 200) {
  const asked = [];
  const clock = { now: 1_000_000 };
  const answer = async (url) => {
    asked.push(url);
    return {
      ok: status === 200,
      status,
      // The server's clock is a day ahead of this one.
      headers: new Headers({ Date: new Date(clock.now + 86_400_000).toUTCString() }),
      json: async () => ({
        url: `/signed/${asked.length}`,
        expires_at: new Date(clock.now + 86_400_000 + 3_600_000).toISOString(),
      }),
    };
  };
  return { asked, clock, addresses: createAddresses({ fetch: answer, now: () => clock.now }) };
}

test("an address is asked for once, and anew before its hour is over", async () => {
  const { asked, clock, addresses } = server();
  const part = { id: 1, address: "/address" };
  assert.deepEqual(await Promise.all([addresses.get(part), addresses.get(part)]), [
    "/signed/1",
    "/signed/1",
  ]);
  clock.now += 3_500_000;
  assert.equal(addresses.isStale(part), false);
  clock.now += 60_000;
  assert.equal(addresses.isStale(part), true);
  assert.equal(await addresses.get(part), "/signed/2");
  assert.equal(asked.length, 2);
});

for (const [status, kind] of [
  [403, "forbidden"],
  [404, "gone"],
  [503, "network"],
]) {
  test(`${status} for an address is told as ${kind}, and asked again next time`, async () => {
    const { asked, addresses } = server(status);
    const part = { id: 1, address: "/address" };
    for (let times = 0; times < 2; times += 1) {
      await assert.rejects(
        addresses.get(part),
        (error) => error instanceof AddressError && error.kind === kind,
      );
    }
    assert.equal(asked.length, 2);
  });
}

test("a download in ranges is put together from the address it was led to", async () => {
  const data = Uint8Array.from({ length: 10 }, (_none, at) => at);
  const asked = [];
  const ask = async (url, { headers }) => {
    asked.push(url);
    const from = Number(/bytes=(\d+)-/.exec(headers.Range)[1]);
    const part = data.slice(from, from + 4);
    return {
      status: 206,
      url: "/led/here",
      headers: new Headers({ "Content-Range": `bytes ${from}-${from + part.length - 1}/10` }),
      arrayBuffer: async () => part.buffer,
    };
  };
  const got = [];
  const shares = [];
  await fetchRanges("/download", {
    fetch: ask,
    onPart: (bytes) => got.push(...bytes),
    onShare: (share) => shares.push(share),
  });
  assert.deepEqual(got, [...data]);
  assert.deepEqual(asked, ["/download", "/led/here", "/led/here"]);
  assert.equal(shares.at(-1), 1);
  const refused = async () => ({ status: 403, headers: new Headers() });
  await assert.rejects(fetchRanges("/x", { fetch: refused, onPart() {}, onShare() {} }));
});

for (const [title, playable, chosen] of [
  ["a browser that plays both", ["webm", "mp4"], "file"],
  ["a browser without WebM", ["mp4"], "copy"],
  ["a browser that plays neither", [], "file"],
]) {
  test(`${title} is given the ${chosen}`, () => {
    const part = { type: "webm", copy: { type: "mp4" } };
    const video = { canPlayType: (type) => (playable.includes(type) ? "maybe" : "") };
    assert.equal(chooseFile(part, video), chosen === "copy" ? part.copy : part);
    const alone = { type: "webm", copy: null };
    assert.equal(chooseFile(alone, video), alone);
  });
}
