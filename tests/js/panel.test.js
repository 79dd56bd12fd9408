import assert from "node:assert/strict";
import { test } from "node:test";
import { createConversation } from "../../static/js/lib/conversation.js";
import { tidyTail } from "../../static/js/lib/markdowntail.js";
import { fitSides, listTries } from "../../static/js/lib/pictureplan.js";
import { findPlaces, readPlace, resolvePath } from "../../static/js/lib/places.js";
import { createSentences, plainWords } from "../../static/js/lib/sentences.js";
import { commandProblem, languageName, snippetCommand } from "../../static/js/lib/snippets.js";
import { planParts } from "../../static/js/lib/turnparts.js";

test("a last line that may become anything waits", () => {
  for (const last of ["-", "- ", "#", "===", "12", "3.", "```", "```pyth", "> ", "|"])
    assert.equal(tidyTail(`Words.\n${last}`), "Words.", last);
  assert.equal(tidyTail("Words.\n- item"), "Words.\n- item");
  assert.equal(tidyTail("Words.\n\n2 of 3"), "Words.\n\n2 of 3");
});

test("what a paragraph leaves open is shown as what it will be", () => {
  assert.equal(tidyTail("A **bold"), "A **bold**");
  assert.equal(tidyTail("A **bold "), "A **bold**");
  assert.equal(tidyTail("A **"), "A ");
  assert.equal(tidyTail("Use `len(x"), "Use `len(x`");
  assert.equal(tidyTail("See [the docs](https://exa"), "See the docs");
  assert.equal(tidyTail("See [the docs](https://a.b) and"), "See [the docs](https://a.b) and");
  assert.equal(tidyTail("`a ** b` is **so"), "`a ** b` is **so**");
  assert.equal(tidyTail("```\nx = **a"), "```\nx = **a");
});

test("places in prose have a line, and addresses are none", () => {
  const found = findPlaces(
    "In src/app.py:12 and lib/x.test.js:3, not http://a.b/c.py:9 or 10.5:3.",
  );
  assert.deepEqual(
    found.map(({ text, name, line }) => [text, name, line]),
    [
      ["src/app.py:12", "src/app.py", 12],
      ["lib/x.test.js:3", "lib/x.test.js", 3],
    ],
  );
  assert.deepEqual(readPlace("app.py:7:2"), { name: "app.py", line: 7 });
  assert.deepEqual(readPlace("app.py"), { name: "app.py", line: null });
  assert.equal(readPlace("app.run()"), null);
});

test("a name stands for one path of the workspace or for none", () => {
  const paths = ["ladder/app.py", "ladder/lib/util.py", "grid/app.py", "grid/deep/one.py"];
  assert.equal(resolvePath("app.py", paths, "grid"), "grid/app.py");
  assert.equal(resolvePath("./lib/util.py", paths, "ladder"), "ladder/lib/util.py");
  assert.equal(resolvePath("one.py", paths, "ladder"), "grid/deep/one.py");
  assert.equal(resolvePath("app.py", paths, "none"), null);
  assert.equal(resolvePath("../app.py", paths, "grid"), null);
});

test("shell is run as it is, a transcript by its commands, a program through its interpreter", () => {
  assert.equal(snippetCommand("ls -l\n", "bash"), "ls -l");
  assert.equal(
    snippetCommand("$ pip list \\\n  --local\nPackage Version\n$ ls", "console"),
    "pip list \\\n  --local\nls",
  );
  assert.equal(snippetCommand("print(1)", "py"), "python3 - <<'END'\nprint(1)\nEND");
  assert.equal(snippetCommand("END\nx", "js"), "node - <<'END_'\nEND\nx\nEND_");
  for (const [code, language] of [
    ["a = 1", "rust"],
    [">>> 1 + 1\n2", "python"],
    ["  ", "sh"],
    ["x", "constructor"],
  ])
    assert.equal(snippetCommand(code, language), null, language);
  assert.equal(commandProblem("x".repeat(2_000)), "");
  assert.notEqual(commandProblem("x".repeat(2_001)), "");
});

test("languages have the names people give them", () => {
  assert.deepEqual(["py", "BASH", "rust", "text", ""].map(languageName), [
    "Python",
    "Shell",
    "Rust",
    "",
    "",
  ]);
});

test("tools stand where the text was when they were called", () => {
  const tools = [
    { call: "b", offset: 6 },
    { call: "a", offset: 6 },
    { call: "c", offset: 99 },
  ];
  assert.deepEqual(
    planParts("First.Second.", tools).map((part) => part.text ?? part.tool.call),
    ["First.", "b", "a", "Second.", "c"],
  );
  assert.deepEqual(
    planParts("  \n", [{ call: "a", offset: 0 }]).map(({ key }) => key),
    ["tool:a"],
  );
});

test("a tool that was at work when its answer ended was stopped", () => {
  const tools = [
    { call: "a", offset: 0, state: "done" },
    { call: "b", offset: 0, state: "running" },
  ];
  const states = (isOpen) => planParts("", tools, isOpen).map(({ tool }) => tool.state);
  assert.deepEqual(
    [states(true), states(false)],
    [
      ["done", "running"],
      ["done", "stopped"],
    ],
  );
});

function heard(text, sizes) {
  const sentences = createSentences();
  const said = [];
  let at = 0;
  for (const size of sizes) {
    at = Math.min(text.length, at + size);
    said.push(...sentences.take(text.slice(0, at), true));
  }
  return [...said, ...sentences.take(text, false)].join(" ");
}

test("sentences are said whole, once, and the same however they arrive", () => {
  const text =
    "It **fails** at 3.5, e.g. for `x`. Look at [this](http://a.b)!\n\n- One\n- Two\n\n" +
    "```python\na = 1. \nb = 2\n```\n\nThen run it.";
  const whole =
    "It fails at 3.5, e.g. for x. Look at this! One Two Code in python, 2 lines. Then run it.";
  assert.equal(heard(text, [text.length]), whole);
  for (const size of [1, 2, 3, 7, 20])
    assert.equal(heard(text, Array(text.length).fill(size)), whole, String(size));
});

test("half a sentence is not said, nor what was there before", () => {
  const sentences = createSentences();
  assert.deepEqual(sentences.take("This is half of", true), []);
  assert.deepEqual(sentences.take("This is half of it. And", true), ["This is half of it."]);
  sentences.skip("This is half of it. And more.");
  assert.deepEqual(sentences.take("This is half of it. And more. New.", false), ["New."]);
});

test("a block of code that was cut off is said as code", () => {
  const sentences = createSentences();
  assert.deepEqual(sentences.take("Do this:\n```sh\nls\npwd", false), [
    "Do this:",
    "Code in sh, 2 lines.",
  ]);
});

test("words are read without their marks", () => {
  assert.equal(
    plainWords("## A _title_\n> said *so* about snake_case"),
    "A title said so about snake_case",
  );
});

function said(turn, rest = {}) {
  const question = { id: `${turn}-q`, role: "user", text: `${turn}?`, turn, state: "finished" };
  const answer = { ...question, id: `${turn}-a`, role: "assistant", text: `${turn}!` };
  return [
    { ...question, ...rest },
    { ...answer, stop_reason: rest.stop_reason ?? "end_turn" },
  ];
}

const outline = (entries) =>
  entries.map(({ question, earlier, isEditable }) => [
    question,
    earlier.map((each) => each.question),
    isEditable,
  ]);

test("an edited question stands in the place of the old ones, which it keeps", () => {
  const conversation = createConversation();
  const messages = [
    ...said("a"),
    ...said("b"),
    ...said("c", { replaces: "b", stop_reason: "withdrawn" }),
    ...said("d", { replaces: "c" }),
  ];
  conversation.hello({ messages, live: null });
  assert.deepEqual(outline(conversation.entries), [
    ["a?", [], false],
    ["d?", ["b?", "c?"], true],
  ]);
});

test("an edited question that is refused leaves the old one where it was", () => {
  const conversation = createConversation();
  conversation.hello({ messages: said("a"), live: null });
  conversation.ask("id", "better?", { replaces: "a" });
  assert.deepEqual(outline(conversation.entries), [["better?", ["a?"], false]]);
  conversation.withdraw("id");
  assert.deepEqual(outline(conversation.entries), [["a?", [], true]]);
});

test("a waiting question that was edited does not come back to the box", () => {
  const conversation = createConversation();
  const back = [];
  conversation.on("withdrawn", (entry) => back.push(entry));
  conversation.hello({ messages: said("a"), live: null });
  conversation.ask("one", "half?");
  conversation.queued({ id: "one", turn: "w", is_waiting: true });
  conversation.ask("two", "whole?", { replaces: "w" });
  conversation.finished({ turn: "w", stop_reason: "withdrawn", text_length: 0 });
  assert.deepEqual(back, []);
  assert.equal(outline(conversation.entries).at(-1)[0], "whole?");
});

test("a tool stands at its place and is told once; thinking is counted from its end", () => {
  let now = 0;
  const conversation = createConversation({ now: () => now });
  conversation.hello({ messages: [], live: null });
  conversation.ask("a", "why?");
  conversation.queued({ id: "a", turn: "t" });
  conversation.started({ id: "a", turn: "t" });
  conversation.delta({ turn: "t", offset: 0, text: "Look." });
  const frame = { turn: "t", call: "c", name: "read_file", title: "Read a.py" };
  conversation.tool({ ...frame, state: "running", offset: 5 });
  now = 9_000;
  conversation.tool({ ...frame, state: "done", detail: "2 lines" });
  conversation.tool({ ...frame, state: "done", offset: 5 });
  const [entry] = conversation.entries;
  const { call, offset, detail } = entry.tools[0];
  assert.deepEqual(
    [entry.state, entry.since, entry.tools.length, call, offset, detail],
    ["thinking", 9_000, 1, "c", 5, "2 lines"],
  );
});

test("a live answer that is come back to counts from when it was asked", () => {
  const conversation = createConversation({ now: () => 100_000 });
  const asked = { ...said("t")[0], state: "running", created_at: "2026-01-01T10:00:00Z" };
  const live = { turn: "t", text: "", offset: 0, is_waiting: false };
  const tools = { t: [{ turn: "t", call: "c", name: "run_tests", state: "done", offset: 0 }] };
  const server_time = "2026-01-01T10:00:12Z";
  conversation.hello({ messages: [asked], live, tools, server_time });
  const [entry] = conversation.entries;
  assert.deepEqual([entry.state, entry.since, entry.tools[0].call], ["thinking", 88_000, "c"]);
});

test("pictures keep their shape and are never made larger", () => {
  assert.deepEqual(fitSides({ width: 3136, height: 1000 }, 1568), { width: 1568, height: 500 });
  assert.deepEqual(fitSides({ width: 30, height: 9000 }, 1568), { width: 5, height: 1568 });
  assert.deepEqual(fitSides({ width: 1, height: 9000 }, 1568), { width: 1, height: 1568 });
  assert.deepEqual(fitSides({ width: 40, height: 20 }, 1568), { width: 40, height: 20 });
  assert.equal(listTries()[0].type, "image/png");
});
