import assert from "node:assert/strict";
import { test } from "node:test";
import { createBell } from "../../../static/js/lib/terminal/guard.js";
import { findAddresses, readAddress } from "../../../static/js/lib/terminal/links.js";
import { isAtPrompt } from "../../../static/js/lib/terminal/prompt.js";
import { afterEnd } from "../../../static/js/lib/terminal/words.js";

function screen(line, { marked = true, type = "normal" } = {}) {
  const row = { isWrapped: false, translateToString: () => line };
  const active = { type, baseY: 5, cursorY: 2, getLine: (at) => (at === 7 ? row : undefined) };
  return { modes: { bracketedPasteMode: marked }, buffer: { active } };
}

for (const [name, shown, is] of [
  ["a shell that waits", screen("~/two-sum$ "), true],
  ["a line half typed", screen("~/two-sum$ git st"), true],
  ["a shell of root", screen("root@box:/# "), true],
  ["Python", screen(">>> "), false],
  ["a database", screen("sqlite> select '$ '"), false],
  ["a command that runs", screen("~/two-sum$ ", { marked: false }), false],
  ["an editor over all of it", screen("~/two-sum$ ", { type: "alternate" }), false],
]) {
  test(`a command may be put there: ${name}, ${is ? "yes" : "no"}`, () => {
    assert.equal(isAtPrompt(shown), is);
  });
}

test("addresses end where the sentence goes on", () => {
  const text =
    "See (https://a.example/x?y=1), http://b.example. ftp://c.example javascript:alert(1)";
  assert.deepEqual(
    findAddresses(text).map(({ text: found, start }) => [found, start]),
    [
      ["https://a.example/x?y=1", 5],
      ["http://b.example", 31],
    ],
  );
});

for (const [name, text] of [
  ["a script", "javascript:alert(1)"],
  ["a file", "file:///etc/passwd"],
  ["no address", "https://"],
  ["one too long to be read", `https://a.example/${"x".repeat(3000)}`],
]) {
  test(`never opened: ${name}`, () => assert.equal(readAddress(text), null));
}

test("an address is shown as the browser reads it", () => {
  assert.equal(readAddress("https://exаmple.com/")?.href, "https://xn--exmple-4nf.com/");
});

test("a bell that rings without end rings once a second", () => {
  let at = 0;
  let rung = 0;
  const bell = createBell(
    () => {
      rung += 1;
    },
    { now: () => at },
  );
  for (; at < 3_000; at += 1) bell();
  assert.equal(rung, 3);
});

test("words of ours carry no sequence into the terminal", () => {
  const words = afterEnd("gone\x1b]52;c;aGk=\x07\u202E");
  assert.ok(words.includes("gone ]52;c;aGk=  "));
});
