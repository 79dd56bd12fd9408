import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createClock, formatLength, timeGiven } from "../../static/js/lib/clock.js";
import { ledgerLines, totalOf } from "../../static/js/lib/clocksheet.js";
import { formatWait } from "../../static/js/lib/countdown.js";
import { createLateWork, sendLate } from "../../static/js/lib/latework.js";
import { ownTime } from "../../static/js/lib/zones.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("lengths are said to the second and without empty parts", () => {
  assert.deepEqual([0, 40_000, 200_000, 600_000, 3_900_000, 3_601_000].map(formatLength), [
    "0 s",
    "40 s",
    "3 min 20 s",
    "10 min",
    "1 h 5 min",
    "1 h 1 s",
  ]);
});

test("the end is told once, and that there is time again", () => {
  let now = 0;
  const clock = createClock({ now: () => now });
  const [over, resumed] = [mock.fn(), mock.fn()];
  clock.on("over", over);
  clock.on("resumed", resumed);
  clock.set({ remaining_ms: 1_000 });
  assert.equal(over.mock.callCount(), 0);
  now = 2_000;
  clock.set({ remaining_ms: 0 });
  clock.set({ remaining_ms: 0 });
  assert.deepEqual([over.mock.callCount(), resumed.mock.callCount()], [1, 0]);
  clock.set({ remaining_ms: 60_000 });
  assert.deepEqual([over.mock.callCount(), resumed.mock.callCount()], [1, 1]);
  clock.stop();
});

test("the clock reaches its end by itself, with nobody at the other end", async () => {
  let now = 0;
  const clock = createClock({ now: () => now, every: 5 });
  const over = new Promise((resolve) => clock.on("over", resolve));
  clock.set({ remaining_ms: 500 });
  now = 501;
  await over;
  clock.stop();
});

test("a room without a limit is never over", () => {
  const clock = createClock({ now: () => 0 });
  const over = mock.fn();
  clock.on("over", over);
  clock.set({ remaining_ms: null });
  assert.equal(over.mock.callCount(), 0);
  clock.stop();
});

const ENTRIES = [
  { kind: "start", ms: HOUR, reason: "" },
  { kind: "factor", ms: HOUR / 2, reason: "" },
  { kind: "stopped", ms: 5 * HOUR, reason: "lost power" },
  { kind: "extension", ms: -10 * MINUTE, reason: "Time left when the interview ended" },
  { kind: "extension", ms: 20 * MINUTE, reason: "fire alarm" },
  { kind: "credit", ms: 200_000, reason: "Our server restarted", cause: "restart" },
];

test("the ledger adds up without the time the interview was closed", () => {
  const lines = ledgerLines(ENTRIES);
  assert.deepEqual(
    lines.map(({ label }) => label),
    ["Agreed time", "Extra time agreed", "Added", "Added", "Given back"],
  );
  assert.equal(formatLength(totalOf(lines)), "1 h 43 min 20 s");
});

test("what was given is told with its reason, what was agreed or taken is not", () => {
  assert.deepEqual(timeGiven(ENTRIES), [
    "20 min were added to your time: fire alarm.",
    "3 min 20 s were given back to you: Our server restarted.",
  ]);
});

test("a wait is said as exactly as one wants to know it", () => {
  const waits = [51 * HOUR, 3 * HOUR + 5 * MINUTE, 4 * MINUTE + 9_000, 900, -5];
  assert.deepEqual(waits.map(formatWait), ["2 d 3 h", "3 h 5 min", "4 min 9 s", "1 s", "0 s"]);
});

test("the reader's own time is added only where it is another", () => {
  const date = new Date("2026-01-15T08:00:00Z");
  const shown = "Thursday 15 January 2026, 09:00 (Europe/Berlin, UTC+1)";
  assert.equal(ownTime(date, shown, "en-GB", "Europe/Paris"), null);
  assert.equal(ownTime(date, shown, "en-GB", "Asia/Tokyo"), "15 January 2026 at 17:00 GMT+9");
  assert.match(ownTime(date, shown, "en-GB", "America/New_York"), /^15 January 2026 at 03:00/);
});

test("the same hour of another day is another time", () => {
  const date = new Date("2026-01-15T11:00:00Z");
  const shown = "Friday 16 January 2026, 01:00 (Pacific/Kiritimati, UTC+14)";
  assert.match(ownTime(date, shown, "en-GB", "Pacific/Honolulu"), /^15 January 2026 at 01:00/);
});

const ENTRY = {
  page: "abc",
  document: 7,
  path: "a/x.py",
  version: 3,
  base: "x",
  updates: [{ client: "abc.1", changes: [1, [0, "y"]] }],
};

function answers(...statuses) {
  return mock.fn(async () => {
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    return { ok: status < 300, status, json: async () => ({ state: "stored" }) };
  });
}

const OPTIONS = { url: "/late/", csrf: "token", again: 0 };

test("left work is sent as an update under a name of its own", async () => {
  const send = answers(200);
  assert.equal(await sendLate(ENTRY, { ...OPTIONS, send }), "stored");
  const [url, request] = send.mock.calls[0].arguments;
  const frame = JSON.parse(request.body);
  assert.equal(url, "/late/");
  assert.deepEqual(frame, {
    type: "document.update",
    id: "late-abc-7-3-1",
    path: "a/x.py",
    document: 7,
    version: 3,
    updates: ENTRY.updates,
  });
});

test("left work is sent again while there is time left by the server's clock", async () => {
  const send = answers(409, 409, 200);
  assert.equal(await sendLate(ENTRY, { ...OPTIONS, send }), "stored");
  assert.equal(send.mock.callCount(), 3);
});

test("left work that is refused is not sent for ever", async () => {
  assert.equal(await sendLate(ENTRY, { ...OPTIONS, send: answers(400) }), null);
  const busy = answers(409);
  assert.equal(await sendLate(ENTRY, { ...OPTIONS, send: busy }), null);
  assert.equal(busy.mock.callCount(), 4);
});

test("what this page and former pages left is sent", async () => {
  const send = answers(200);
  const store = { others: async () => [{ ...ENTRY, page: "old" }] };
  const late = createLateWork({ store, left: () => [ENTRY], ...OPTIONS, send });
  assert.deepEqual(await late.send(), ["stored", "stored"]);
});
