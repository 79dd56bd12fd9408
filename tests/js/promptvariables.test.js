import assert from "node:assert/strict";
import { test } from "node:test";
import { findStray, findVariables, judgeVariables } from "../../static/js/lib/promptvariables.js";

const KNOWN = { required: ["policy", "statement"], optional: ["title"] };

test("variables are found once, in order, only as they are written", () => {
  assert.deepEqual(findVariables("{{ b }} {{ a }} {{ b }} {{c}} { d }"), ["b", "a"]);
});

test("each variable is present, missing, unknown or not used", () => {
  assert.deepEqual(judgeVariables("{{ policy }} {{ salary }}", KNOWN), [
    { name: "salary", state: "unknown" },
    { name: "policy", state: "present" },
    { name: "statement", state: "missing" },
    { name: "title", state: "unused" },
  ]);
});

test("a brace pair that opens no variable is found by its line", () => {
  assert.deepEqual(findStray("{{ policy }}\n{{policy}}\nfine\nx {{"), [2, 4]);
});
