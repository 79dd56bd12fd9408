import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createClock, formatRemaining } from "../../static/js/lib/clock.js";
import { readLayout } from "../../static/js/lib/panels.js";
import { nameProblem, treeRows } from "../../static/js/lib/paths.js";
import { describe, formatSeconds } from "../../static/js/lib/recordlight.js";
import { createRunLog, stripAnsi, summarise } from "../../static/js/lib/runlog.js";
import { keyLabels, matches } from "../../static/js/lib/shortcuts.js";
import { singleReplacement } from "../../static/js/lib/textdiff.js";

test("the clock counts down between the server's words and is corrected by them", () => {
  let now = 1000;
  const clock = createClock({ now: () => now });
  const started_at = "2026-01-01T10:00:00Z";
  clock.set({ remaining_ms: 60_000, server_time: "2026-01-01T10:10:00Z", started_at });
  now += 5_000;
  assert.deepEqual([clock.left(), clock.interviewMs()], [55_000, 605_000]);
  clock.set({ remaining_ms: 120_000, server_time: "2026-01-01T10:10:05Z" });
  now += 130_000;
  assert.equal(clock.left(), 0);
  clock.stop();
});

test("time given is explained with its reason, once, and the agreed time never", () => {
  const clock = createClock({ now: () => 0 });
  const given = mock.fn();
  clock.on("given", given);
  const agreed = { kind: "start", ms: 3_600_000, reason: "" };
  const entries = [agreed, { kind: "credit", ms: 180_000, reason: "Server restart" }];
  clock.set({ remaining_ms: 1, entries: [agreed] });
  clock.set({ remaining_ms: 1, entries });
  clock.set({ remaining_ms: 1, entries });
  assert.equal(given.mock.callCount(), 1);
  assert.deepEqual(given.mock.calls[0].arguments, [
    ["3 min were given back to you: Server restart."],
  ]);
  clock.stop();
});

test("remaining time is written with hours only when there are any", () => {
  assert.deepEqual([2_530_000, 59_001, 3_600_000, -5].map(formatRemaining), [
    "42:10",
    "01:00",
    "1:00:00",
    "00:00",
  ]);
});

test("run output joins without repeats and a gap is told", () => {
  const log = createRunLog();
  assert.equal(log.take({ offset: 0, text: "ab", stream: "stdout" }).text, "ab");
  assert.equal(log.take({ offset: 1, text: "bc", stream: "stdout" }).text, "c");
  assert.deepEqual(log.take({ offset: 9, text: "z" }), { gap: true, text: "" });
});

test("what is kept of the output is bounded and the rest still counts", () => {
  const log = createRunLog(3);
  assert.equal(log.take({ offset: 0, text: "abcdef" }).text, "abc");
  assert.equal(log.received, 6);
});

test("terminal colours are taken out", () => {
  assert.equal(stripAnsi("\u001b[31mred\u001b[0m"), "red");
});

const RUN = { kind: "tests", reason: "exited", exit_code: 1, duration_ms: 1200 };

test("a run of tests is summed up in one line", () => {
  const tests = [{ outcome: "passed" }, { outcome: "failed" }, { outcome: "error" }];
  assert.deepEqual(summarise({ ...RUN, tests }), {
    level: "danger",
    text: "2 of 3 failed.",
    facts: ["1.2 s"],
  });
  const good = summarise({ ...RUN, exit_code: 0, tests: [{ outcome: "passed" }] });
  assert.deepEqual([good.level, good.text], ["good", "1 test passed."]);
});

test("tests that could not start are no success", () => {
  assert.equal(summarise({ ...RUN, exit_code: 0, tests: [] }).level, "danger");
});

test("a run over its time says so", () => {
  const { level, text } = summarise({
    ...RUN,
    reason: "timeout",
    duration_ms: 30_000,
    tests: null,
  });
  assert.deepEqual([level, text.startsWith("Stopped after 30 s")], ["danger", true]);
});

const files = ["a/z.py", "a/lib/m.py", "a/lib/b.py", "ab/other.py"].map((path) => ({ path }));

test("the tree shows one section, folders first", () => {
  assert.deepEqual(
    treeRows(files, "a").map((row) => [row.level, row.name]),
    [
      [1, "lib"],
      [2, "b.py"],
      [2, "m.py"],
      [1, "z.py"],
    ],
  );
  assert.deepEqual(
    treeRows(files, "a", new Set(["a/lib"])).map((row) => row.name),
    ["lib", "z.py"],
  );
});

test("names that cannot be are refused in words", () => {
  const taken = new Set(["z.py"]);
  const refused = ["", " ", "../x", "a//b", "z.py", "a:b", "x".repeat(201)];
  for (const name of refused) assert.notEqual(nameProblem(name, taken), "", name);
  assert.equal(nameProblem("lib/notes.py", taken), "");
});

test("the recording light tells stored from captured when it falls behind", () => {
  const facts = { state: "recording", capturedSeconds: 800, storedSeconds: 751 };
  assert.equal(describe(facts).text, "12:31 of 13:20 stored");
  assert.equal(describe({ ...facts, storedSeconds: 795 }).text, "13:15 stored");
  assert.equal(describe({ ...facts, state: "paused" }).level, "danger");
  assert.equal(formatSeconds(3_725), "1:02:05");
});

test("a remembered layout is kept within bounds and rubbish is ignored", () => {
  const layout = readLayout('{"problem":{"size":99999,"folded":"yes"},"results":{"size":"x"}}');
  assert.deepEqual(layout.problem, { size: 640, folded: false });
  assert.deepEqual(layout.results, { size: 240, folded: false });
  assert.deepEqual(readLayout("not json").assistant, { size: 360, folded: false });
});

function press(key, modifiers = {}) {
  return { key, code: "", ctrlKey: false, metaKey: false, altKey: false, ...modifiers };
}

test("shortcuts follow the platform's key and nothing beyond it", () => {
  assert.equal(matches("Mod+Enter", press("Enter", { ctrlKey: true }), false), true);
  assert.equal(matches("Mod+Enter", press("Enter", { metaKey: true }), true), true);
  assert.equal(matches("Mod+Enter", press("Enter"), false), false);
  assert.equal(matches("Mod+1", press("&", { ctrlKey: true, code: "Digit1" }), false), true);
  assert.equal(matches("?", press("?", { ctrlKey: true }), false), false);
  assert.deepEqual(keyLabels("Alt+PageUp"), ["Alt", "Page Up"]);
});

test("the smallest replacement never cuts a pair of surrogates", () => {
  const apply = (text, { from, to, insert }) => text.slice(0, from) + insert + text.slice(to);
  const pairs = [
    ["a😀b", "a😁b"],
    ["😀😀", "😀"],
    ["", "x"],
    ["aa", "a"],
    ["abcabc", "abc"],
  ];
  for (const [from, to] of pairs) {
    const change = singleReplacement(from, to);
    assert.equal(apply(from, change), to);
    assert.equal(change.insert.isWellFormed(), true);
  }
  assert.equal(singleReplacement("same", "same"), null);
});
