// What waits for the candidate's decision: frames in, changes out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createEmitter } from "../../static/js/lib/events.js";
import { createDecisions } from "../../static/js/lib/proposals/decisions.js";

function hunk(number, state = "undecided", more = {}) {
  const text = { old: "a\n", new: "b\n", text: null };
  return { hunk: number, path: "a.py", action: "change", state, line: 1, ...text, ...more };
}

function proposal(...hunks) {
  return { type: "edit.proposed", edit: "e", turn: "t", summary: "", hunks };
}

function setUp(request = async () => {}) {
  const socket = createEmitter();
  const sent = [];
  const decisions = createDecisions({
    socket: {
      on: socket.on,
      request: (frame) => {
        sent.push(frame);
        return request(frame);
      },
    },
  });
  const changed = [];
  decisions.on("change", (turn) => changed.push(turn));
  return { socket, decisions, sent, changed };
}

test("a proposal that is told again does not take a decision back", () => {
  const { socket, decisions } = setUp();
  socket.emit("edit.proposed", proposal(hunk(0), hunk(1)));
  socket.emit("edit.decided", proposal(hunk(0, "accepted"), hunk(1)));
  socket.emit("edit.proposed", proposal(hunk(0), hunk(1)));
  const states = decisions.get("e").hunks.map(({ state }) => state);
  assert.deepEqual(states, ["accepted", "undecided"]);
  assert.equal(decisions.openIn("a.py").length, 1);
  assert.equal(decisions.openIn("b.py").length, 0);
});

test("a conflict is said beside its part until that is decided", () => {
  const { socket, decisions } = setUp();
  socket.emit("edit.proposed", proposal(hunk(0), hunk(1)));
  const conflicts = [{ hunk: 0, message: "Changed since." }];
  socket.emit("edit.decided", { ...proposal(hunk(0), hunk(1, "accepted")), conflicts });
  assert.equal(decisions.get("e").hunks[0].problem, "Changed since.");
  socket.emit("edit.decided", { ...proposal(hunk(0), hunk(1, "accepted")), conflicts: [] });
  assert.equal(decisions.get("e").hunks[0].problem, "Changed since.");
  socket.emit("edit.decided", proposal(hunk(0, "refused"), hunk(1, "accepted")));
  assert.equal(decisions.get("e").hunks[0].problem, "");
});

test("what the policy applied says why it can not be taken back", async () => {
  const { socket, decisions, sent } = setUp();
  socket.emit("edit.proposed", proposal(hunk(0, "applied"), hunk(1, "applied")));
  assert.equal(decisions.openIn("a.py").length, 0);
  await decisions.decide("e", "take_back");
  assert.equal(sent[0].decision, "take_back");
  const conflicts = [{ hunk: 0, message: "Changed since." }];
  const after = proposal(hunk(0, "applied"), hunk(1, "taken_back"));
  socket.emit("edit.decided", { ...after, conflicts });
  const problems = decisions.get("e").hunks.map(({ problem }) => problem);
  assert.deepEqual(problems, ["Changed since.", ""]);
});

test("hello is all there is", () => {
  const { socket, decisions } = setUp();
  socket.emit("edit.proposed", proposal(hunk(0)));
  socket.emit("hello", { proposals: [], questions: [] });
  assert.deepEqual(decisions.turns, []);
});

test("parts go along when their file gets another name", () => {
  const { socket, decisions, changed } = setUp();
  socket.emit("edit.proposed", proposal(hunk(0)));
  decisions.renamed("a.py", "b.py");
  assert.equal(decisions.openIn("b.py").length, 1);
  assert.deepEqual(changed, ["t", "t"]);
});

test("a refused decision says why and can be sent again", async () => {
  const { socket, decisions, sent } = setUp(async () => {
    throw new Error("The interview has ended.");
  });
  socket.emit("edit.proposed", proposal(hunk(0)));
  const deciding = decisions.decide("e", "accept", { hunks: [0], version: 3 });
  assert.equal(decisions.get("e").isBusy, true);
  await deciding;
  assert.equal(decisions.get("e").isBusy, false);
  assert.equal(decisions.get("e").problem, "The interview has ended.");
  assert.deepEqual(sent[0].hunks, [0]);
});

test("an answered question stays answered", async () => {
  const { socket, decisions, sent } = setUp();
  const asked = { question: "q", turn: "t", options: ["a", "b"], answer: null };
  socket.emit("question.asked", asked);
  await decisions.answer("q", [1]);
  assert.deepEqual(sent, [{ type: "question.answer", question: "q", answer: [1] }]);
  socket.emit("question.answered", { ...asked, answer: [1] });
  socket.emit("question.asked", asked);
  assert.deepEqual(decisions.of("t").questions[0].answer, [1]);
});
