import assert from "node:assert/strict";
import { test } from "node:test";
import { lengthProblem } from "../../static/js/lib/composer.js";
import { createConversation, measureMessage } from "../../static/js/lib/conversation.js";

const asked = { messages: [], live: null };

function message(role, text, turn, rest = {}) {
  return { id: `${turn}-${role}`, role, text, turn, state: "finished", stop_reason: "", ...rest };
}

function streaming() {
  const conversation = createConversation();
  const gaps = [];
  conversation.on("gap", (gap) => gaps.push(gap));
  conversation.hello(asked);
  conversation.ask("a", "why?");
  conversation.queued({ id: "a", turn: "t" });
  conversation.started({ id: "a", turn: "t", model: "m", simulated: false });
  return { conversation, gaps };
}

test("deltas join in order and repeats are cut", () => {
  const { conversation } = streaming();
  conversation.delta({ turn: "t", offset: 0, text: "Hel" });
  conversation.delta({ turn: "t", offset: 1, text: "ello" });
  assert.deepEqual(
    [conversation.entries[0].answer, conversation.entries[0].state],
    ["Hello", "streaming"],
  );
});

test("a delta beyond what is held asks to resume from there", () => {
  const { conversation, gaps } = streaming();
  conversation.delta({ turn: "t", offset: 0, text: "He" });
  conversation.delta({ turn: "t", offset: 9, text: "world" });
  assert.deepEqual([conversation.entries[0].answer, gaps], ["He", [{ turn: "t", offset: 2 }]]);
});

test("an end that is longer than what is held asks for the rest", () => {
  const { conversation, gaps } = streaming();
  conversation.finished({ turn: "t", stop_reason: "end_turn", text_length: 5 });
  assert.deepEqual(gaps, [{ turn: "t", offset: 0 }]);
});

test("being told of the start again keeps what has arrived", () => {
  const { conversation } = streaming();
  conversation.delta({ turn: "t", offset: 0, text: "Hel" });
  conversation.started({ turn: "t", model: "m", simulated: true });
  assert.deepEqual(
    [conversation.entries.length, conversation.entries[0].answer, conversation.entries[0].state],
    [1, "Hel", "streaming"],
  );
});

test("a question of another window appears with its answer", () => {
  const { conversation } = streaming();
  conversation.started({ turn: "other", question: "and then?", simulated: false });
  conversation.delta({ turn: "other", offset: 0, text: "Yes" });
  assert.deepEqual(
    conversation.entries.map((entry) => [entry.question, entry.answer]),
    [
      ["why?", ""],
      ["and then?", "Yes"],
    ],
  );
});

test("a question of another window shows its pictures at once", () => {
  const { conversation } = streaming();
  const images = [{ image: "i", url: "/i", width: 1, height: 1 }];
  conversation.started({ turn: "other", question: "what is this?", images });
  assert.deepEqual(
    conversation.entries.map((entry) => entry.images),
    [[], images],
  );
});

test("an answer that waits for a place says so until it goes on, and not after its end", () => {
  const { conversation } = streaming();
  const states = [];
  conversation.on("change", ({ state }) => states.push(state));
  conversation.delta({ turn: "t", offset: 0, text: "I look." });
  conversation.waiting({ turn: "t", seconds: 2.5 });
  conversation.waiting({ turn: "t", seconds: 0 });
  conversation.finished({ turn: "t", stop_reason: "request_limit", text_length: 7 });
  conversation.waiting({ turn: "t", seconds: 2.5 });
  conversation.waiting({ turn: "unknown", seconds: 2.5 });
  assert.deepEqual(states, ["streaming", "queued", "thinking", "complete"]);
});

test("a tool that was stopped stays so, also in an answer that has ended", () => {
  const { conversation } = streaming();
  const tool = { turn: "t", call: "c", name: "run_tests", title: "Ran the tests" };
  conversation.tool({ ...tool, state: "running" });
  conversation.finished({ turn: "t", stop_reason: "stopped", text_length: 0 });
  conversation.tool({ ...tool, state: "stopped" });
  assert.deepEqual(
    conversation.entries.map((entry) => [entry.state, entry.tools[0].state]),
    [["stopped", "stopped"]],
  );
});

test("after a reload the live answer goes on where it stood", () => {
  const conversation = createConversation();
  const messages = [message("user", "why?", "t", { state: "running" })];
  conversation.hello({ messages, live: { turn: "t", offset: 3, text: "Hel" } });
  conversation.delta({ turn: "t", offset: 3, text: "lo" });
  assert.deepEqual(
    [conversation.entries[0].question, conversation.entries[0].answer, conversation.live.turn],
    ["why?", "Hello", "t"],
  );
});

test("a question repeated after a reconnect is one entry, also when the server knew it", () => {
  const conversation = createConversation();
  conversation.hello(asked);
  conversation.ask("a", "why?");
  conversation.hello({
    messages: [message("user", "why?", "t", { state: "running" })],
    live: null,
  });
  conversation.started({ id: "a", turn: "t" });
  assert.deepEqual(
    conversation.entries.map((entry) => [entry.turn, entry.question]),
    [["t", "why?"]],
  );
});

test("a turn whose server died is shown as cut off with what had arrived", () => {
  const conversation = createConversation();
  const messages = [
    message("user", "why?", "t", { state: "interrupted" }),
    message("assistant", "Bec", "t", { state: "interrupted" }),
  ];
  conversation.hello({ messages, live: null });
  assert.deepEqual(
    [conversation.entries[0].state, conversation.entries[0].answer, conversation.live],
    ["interrupted", "Bec", null],
  );
});

test("an answer ends where the server's does, whatever a server that died had said", () => {
  const conversation = createConversation();
  conversation.hello({ messages: [], live: null });
  conversation.started({ turn: "t" });
  conversation.delta({ turn: "t", offset: 0, text: "stored, and not" });

  conversation.failed({ turn: "t", code: "interrupted", message: "Ask again.", text_length: 6 });

  assert.equal(conversation.entries[0].answer, "stored");
  assert.equal(conversation.entries[0].state, "failed");
});

test("what an answer took is kept where the server tells it, also of one that failed", () => {
  const took = { usage: { total_tokens: 720 }, cost_usd: "0.0025" };
  const { conversation } = streaming();
  conversation.finished({ turn: "t", stop_reason: "end_turn", ...took });
  const figures = ({ tokens, costUsd }) => [tokens, costUsd];
  assert.deepEqual(figures(conversation.entries[0]), [720, "0.0025"]);

  conversation.failed({ turn: "t", code: "drop", usage: took.usage, cost_usd: null });
  assert.deepEqual(figures(conversation.entries[0]), [720, null]);
  assert.equal("usage" in conversation.entries[0].error, false);
});

test("without figures nothing is said of the cost", () => {
  const { conversation } = streaming();
  conversation.finished({ turn: "t", stop_reason: "end_turn" });
  assert.equal("tokens" in conversation.entries[0], false);
});

test("a refused question leaves the conversation and gives its words back", () => {
  const { conversation } = streaming();
  conversation.ask("b", "and?");
  assert.equal(conversation.withdraw("b").question, "and?");
  assert.equal(conversation.entries.length, 1);
});

test("prose and fenced code are measured apart", () => {
  assert.deepEqual(measureMessage("ab\n```py\nxy\n```\ncd"), { prose: 6, code: 12 });
});

test("a fence that is not closed counts as prose, as on the server", () => {
  assert.deepEqual(measureMessage("```\nxy"), { prose: 6, code: 0 });
});

test("a message that is too long says by how much", () => {
  const limits = { message_chars: 3, pasted_code_chars: 20 };
  assert.match(lengthProblem("abcd", limits), /4 characters; 3 are the most/);
  assert.equal(lengthProblem("abc", limits), "");
  assert.match(lengthProblem(`\`\`\`\n${"x".repeat(20)}\n\`\`\``, limits), /28 characters; 20/);
});

test("a question that waits stands behind the live one, and goes when it is taken back", () => {
  const conversation = createConversation();
  conversation.ask("a", "one");
  conversation.queued({ id: "a", turn: "t1" });
  conversation.started({ id: "a", turn: "t1" });
  conversation.ask("b", "two");
  conversation.queued({ id: "b", turn: "t2", is_waiting: true });
  const told = [];
  conversation.on("withdrawn", (entry) => told.push(entry.question));

  assert.equal(conversation.live.turn, "t1");
  assert.equal(conversation.isFull, true);
  conversation.finished({ turn: "t2", stop_reason: "withdrawn", text_length: 0 });
  assert.deepEqual(
    conversation.entries.map(({ turn }) => turn),
    ["t1"],
  );
  assert.deepEqual(told, ["two"]);
});

test("only the selected conversation is shown, and another one's answer changes nothing", () => {
  const conversation = createConversation();
  const message = (turn, id) => ({ id: turn, turn, conversation: id, role: "user", text: turn });
  conversation.hello({
    messages: [message("t1", "c1"), message("t2", "c2")],
    live: null,
    lives: [{ turn: "t2", text: "Well", conversation: "c2", is_waiting: false }],
  });
  conversation.select("c1");
  const changed = [];
  conversation.on("change", (entry) => changed.push(entry.turn));
  conversation.delta({ turn: "t2", offset: 4, text: ", yes" });

  assert.deepEqual(
    conversation.entries.map(({ turn }) => turn),
    ["t1"],
  );
  assert.equal(conversation.live, null);
  assert.deepEqual(changed, []);
  conversation.select("c2");
  assert.equal(conversation.entries[0].answer, "Well, yes");
});

test("a question that was taken back is not in the history", () => {
  const conversation = createConversation();
  const common = { turn: "t1", conversation: "c1", state: "stopped" };
  conversation.hello({
    messages: [
      { ...common, id: "1", role: "user", text: "one" },
      { ...common, id: "2", role: "assistant", text: "", stop_reason: "withdrawn" },
    ],
    live: null,
  });

  assert.deepEqual(conversation.entries, []);
});

test("a rating belongs to the answer's message, from hello on and as it changes", () => {
  const { conversation } = streaming();
  conversation.delta({ turn: "t", offset: 0, text: "Yes" });
  conversation.finished({ turn: "t", message: "m1", stop_reason: "end_turn", text_length: 3 });
  conversation.rated({ message: "m1", rating: "up" });
  conversation.rated({ message: "other", rating: "down" });
  assert.equal(conversation.entries[0].rating, "up");
  const messages = [
    message("user", "why?", "t"),
    message("assistant", "Yes", "t", { rating: "down" }),
  ];
  conversation.hello({ messages, live: null });
  const [entry] = conversation.entries;
  assert.deepEqual([entry.message, entry.rating], ["t-assistant", "down"]);
});

test("who answers in another model's place is known", () => {
  const conversation = createConversation();
  conversation.hello(asked);
  conversation.ask("a", "why?");
  conversation.started({ id: "a", turn: "t", model: "m", simulated: false, fallback_from: "n" });
  assert.deepEqual(
    [conversation.entries[0].model, conversation.entries[0].fallbackFrom],
    ["m", "n"],
  );
});
