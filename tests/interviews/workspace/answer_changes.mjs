// Answers questions about change sets with the browser's own library: a JSON list of cases in, a JSON list of answers out, line by line.
import { createInterface } from "node:readline";
import { ChangeSet, EditorState, Text } from "@codemirror/state";

const textOf = (string) => Text.of(string.split("\n"));
const parse = (json) => ChangeSet.fromJSON(json);

const OPERATIONS = {
  parse: ({ changes }) => parse(changes).toJSON(),
  apply: ({ text, changes }) => parse(changes).apply(textOf(text)).toString(),
  compose: ({ first, second }) => parse(first).compose(parse(second)).toJSON(),
  map: ({ changes, over, before }) => parse(changes).map(parse(over), before).toJSON(),
  normalise: ({ text }) => EditorState.create({ doc: text }).doc.toString(),
};

function answer(question) {
  try {
    return { value: OPERATIONS[question.ask](question) };
  } catch (error) {
    return { refused: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(JSON.parse(line).map(answer))}\n`);
}
