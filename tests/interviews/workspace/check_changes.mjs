// Applies change sets made by the server with the browser's own library; prints the results as JSON.
import { readFileSync } from "node:fs";
import { ChangeSet, Text } from "@codemirror/state";

const cases = JSON.parse(readFileSync(0, "utf8"));
const results = cases.map(({ before, changes }) =>
  ChangeSet.fromJSON(changes).apply(Text.of(before.split("\n"))).toString(),
);
console.log(JSON.stringify(results));
