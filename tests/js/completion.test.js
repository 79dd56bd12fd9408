import assert from "node:assert/strict";
import { test } from "node:test";
import { createSource } from "../../static/js/lib/completion.js";
import { languageFor } from "../../static/js/lib/editorlanguages.js";
import { collectSymbols } from "../../static/js/lib/symbols.js";
import { collectWords } from "../../static/js/lib/words.js";
import { EditorState, ensureSyntaxTree, syntaxTree, Text } from "../../static/vendor/codemirror.js";

/** A file whose tree is complete, however slow the machine is. */
function stateOf(path, doc) {
  const state = EditorState.create({ doc, extensions: languageFor(path) ?? [] });
  ensureSyntaxTree(state, doc.length, 60_000);
  return state.update({}).state;
}

function symbolsOf(path, doc) {
  return collectSymbols(stateOf(path, doc)).map(({ label, type }) => `${label}:${type}`);
}

/** What is offered at the "|" in the text; explicit means asked for by key. */
function offer(path, marked, { others = [], explicit = false } = {}) {
  const pos = marked.indexOf("|");
  const state = stateOf(path, marked.replace("|", ""));
  const context = {
    state,
    pos,
    explicit,
    aborted: false,
    matchBefore(expression) {
      const line = state.doc.lineAt(pos);
      const text = line.text.slice(0, pos - line.from);
      const index = text.search(new RegExp(`(?:${expression.source})$`, expression.flags));
      return index < 0 ? null : { from: line.from + index, to: pos, text: text.slice(index) };
    },
    tokenBefore(types) {
      let node = syntaxTree(state).resolveInner(pos, -1);
      while (node && !types.includes(node.name)) node = node.parent;
      return node ? { from: node.from, to: pos, text: "", type: node.type } : null;
    },
  };
  return createSource(() =>
    others.map(([name, doc]) => ({ path: name, state: stateOf(name, doc) })),
  )(context);
}

const labels = (result) => result.options.map(({ label }) => label);
const find = (result, label) => result.options.find((option) => option.label === label);

test("python symbols are what can be named from elsewhere", () => {
  const code = [
    "import re, os.path as p",
    "from a import b as c, d",
    "class Pump(Base):",
    "    def start(self, speed):",
    "        self.speed = speed",
    "        hidden = 1",
    "@decorated",
    "async def run(pump): pass",
    "first, second = left, right",
    "limit: int = 3",
  ].join("\n");
  assert.deepEqual(symbolsOf("a.py", code), [
    "re:variable",
    "p:variable",
    "c:variable",
    "d:variable",
    "Pump:class",
    "start:method",
    "speed:property",
    "run:function",
    "first:variable",
    "second:variable",
    "limit:variable",
  ]);
});

test("typescript symbols are found with their kinds", () => {
  const code = [
    "import fs, { i as j } from 'fs';",
    "interface Shape { area: number }",
    "type Id = string; enum Colour { Red }",
    "export class Box { width = 1; grow(by) { this.size = by; const hidden = 1; } }",
    "function main() { function inner() {} }",
    "const { a, b: [c] } = main(), later = () => { let inside; };",
  ].join("\n");
  assert.deepEqual(symbolsOf("a.ts", code), [
    "fs:variable",
    "j:variable",
    "Shape:interface",
    "area:property",
    "Id:type",
    "Colour:enum",
    "Box:class",
    "width:property",
    "grow:method",
    "size:property",
    "main:function",
    "later:variable",
    "a:variable",
    "c:variable",
  ]);
});

test("sql symbols are tables with their columns, whatever else is queried", () => {
  const code = [
    "CREATE TABLE IF NOT EXISTS pets (name TEXT, legs INTEGER, PRIMARY KEY (name));",
    "create view big as select name as n from pets;",
    "INSERT INTO pets VALUES (other);",
  ].join("\n");
  assert.deepEqual(symbolsOf("a.sql", code), [
    "pets:class",
    "name:property",
    "legs:property",
    "big:class",
  ]);
});

test("unfinished code still has symbols", () => {
  assert.deepEqual(symbolsOf("a.py", "def first(:\n  x = [1,\ndef second():\n"), [
    "first:function",
    "second:function",
  ]);
  assert.deepEqual(symbolsOf("a.txt", "def first(): pass"), []);
});

test("words come from near the place, without the one being typed", () => {
  const far = "faraway\n".repeat(40_000);
  const doc = Text.of(`${far}near one the\nthermal\n${far}`.split("\n"));
  const near = far.length + 13;
  const words = collectWords(doc, { near, skip: far.length + 9, limit: 3 });
  assert.deepEqual([...words].sort(), ["near", "one", "thermal"].sort());
  const typed = collectWords(Text.of(["value"]), { near: 5, skip: 0 });
  assert.deepEqual([...typed], []);
});

test("what is used here is offered before what the language has", () => {
  const result = offer("a.py", "result = 1\nprint(re|)");
  assert.deepEqual(find(result, "result").boost > find(result, "reversed").boost, true);
  assert.equal(labels(result).filter((label) => label === "result").length, 1);
});

test("what other open files define is offered with the file's name", () => {
  const others = [
    ["1-f/pumps.py", "class Pump:\n    pass\n\ndef pump_all(): pass\nother_word = 1"],
  ];
  const result = offer("a.py", "pu|", { others });
  assert.deepEqual(find(result, "pump_all"), {
    label: "pump_all",
    type: "function",
    detail: "pumps.py",
    boost: 10,
  });
  assert.equal(find(result, "Pump").type, "class");
});

test("after a dot come members and words, never keywords", () => {
  const result = offer("a.py", "class A:\n    def grow(self): pass\nA().gr|");
  assert.equal(find(result, "grow").type, "method");
  assert.equal(find(result, "for"), undefined);
});

test("nothing is offered by itself where a whole word stands, in text and in comments", () => {
  assert.equal(offer("a.py", "value = 1\nvalue|"), null);
  assert.equal(offer("a.py", "value = 1\nx = 'val|'"), null);
  assert.equal(offer("a.py", "value = 1\n# val|"), null);
  assert.equal(offer("a.md", "value\nval|"), null);
  assert.equal(offer("a.py", "value = 1\nv|"), null);
  assert.equal(offer("a.py", "1|"), null);
  assert.ok(labels(offer("a.py", "value = 1\n# val|", { explicit: true })).includes("value"));
});

test("an open list closes by itself once the word is whole", () => {
  const result = offer("a.py", "value = 1\nva|");
  assert.equal(result.validFor("val"), true);
  assert.equal(result.validFor("value"), false);
  assert.equal(result.validFor("va("), false);
});

test("sql offers its keywords, and shell its commands", () => {
  assert.ok(labels(offer("a.sql", "SE|")).includes("SELECT"));
  assert.ok(labels(offer("a.sh", "ec|")).includes("echo"));
});

test("a list is never longer than what is looked at", () => {
  const words = Array.from({ length: 3_000 }, (_, number) => `word${number}`).join("\n");
  const result = offer("a.py", `wo|\n${words}`);
  assert.ok(result.options.length <= 700);
});

test("a file of a megabyte is looked at in a moment", () => {
  const code = "def function_name(first_value):\n    return first_value * 2\n\n".repeat(17_000);
  assert.ok(code.length > 1_000_000);
  const extensions = languageFor("a.py");
  const state = EditorState.create({ doc: `${code}fir`, extensions });
  const other = { path: "b.py", state: EditorState.create({ doc: code, extensions }) };
  const pos = state.doc.length;
  const context = {
    state,
    pos,
    explicit: false,
    matchBefore: () => ({ from: pos - 3, to: pos, text: "fir" }),
    tokenBefore: () => null,
  };
  const began = performance.now();
  const { options } = createSource(() => [other])(context);
  assert.ok(performance.now() - began < 1_000);
  assert.ok(options.some(({ label }) => label === "first_value"));
});
