import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistory, readVariables } from "../../static/js/lib/runcommand.js";
import { placeText } from "../../static/js/lib/runstate.js";

test("earlier commands come back in order, and so does what was being typed", () => {
  const history = createHistory(["ls", "pytest -x"]);
  assert.deepEqual([history.older("py"), history.older("pytest -x")], ["pytest -x", "ls"]);
  assert.equal(history.older("ls"), null);
  assert.deepEqual([history.newer(), history.newer(), history.newer()], ["pytest -x", "py", null]);
});

test("a command that is run again moves to the end, and only so many are kept", () => {
  const history = createHistory(Array.from({ length: 60 }, (_, n) => `echo ${n}`));
  assert.equal(history.list.length, 50);
  history.add("echo 30");
  assert.equal(history.list.length, 50);
  assert.equal(history.list.filter((one) => one === "echo 30").length, 1);
  assert.equal(history.older(""), "echo 30");
});

test("variables are read one a line", () => {
  assert.deepEqual(readVariables("A=1\n\n  B_2=x = y \nEMPTY=\n"), {
    env: { A: "1", B_2: "x = y ", EMPTY: "" },
    problem: "",
  });
  assert.deepEqual(readVariables(""), { env: {}, problem: "" });
});

test("a line that sets no variable is told", () => {
  for (const line of ["DEBUG", "=1", "two words=1"]) {
    const { env, problem } = readVariables(`A=1\n${line}`);
    assert.deepEqual(env, {});
    assert.ok(problem.includes(line), problem);
  }
});

test("the place in line is an ordinal", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 11, 12, 21, 22].map(placeText), [
    "Starting…",
    "Waiting, next in line",
    "Waiting, 2nd in line",
    "Waiting, 3rd in line",
    "Waiting, 4th in line",
    "Waiting, 11th in line",
    "Waiting, 12th in line",
    "Waiting, 21st in line",
    "Waiting, 22nd in line",
  ]);
});
