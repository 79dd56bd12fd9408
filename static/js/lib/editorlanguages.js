// Languages of the editor by the suffix of a file's name; docs/languages.md says how to add one.
import {
  css,
  html,
  javascript,
  json,
  markdown,
  python,
  SQLite,
  StreamLanguage,
  shell,
  sql,
} from "../../vendor/codemirror.js";

const shellScript = StreamLanguage.define(shell);

const LANGUAGES = {
  py: python,
  js: () => javascript({ jsx: true }),
  mjs: () => javascript(),
  cjs: () => javascript(),
  jsx: () => javascript({ jsx: true }),
  ts: () => javascript({ typescript: true }),
  mts: () => javascript({ typescript: true }),
  tsx: () => javascript({ jsx: true, typescript: true }),
  sql: () => sql({ dialect: SQLite, upperCaseKeywords: true }),
  sh: () => shellScript,
  bash: () => shellScript,
  json,
  md: markdown,
  html,
  css,
};

/** What fenced blocks call them, where that is no suffix. */
const NAMES = {
  python: "py",
  javascript: "js",
  typescript: "ts",
  markdown: "md",
  sqlite: "sql",
  shell: "sh",
};

const INDENTS = { py: "    " };

const keyOf = (name) => name.toLowerCase().split(".").at(-1);

/** A language by file name or by the name on a fenced block; null when it is none of ours. */
export function languageFor(name) {
  const key = keyOf(name);
  return LANGUAGES[NAMES[key] ?? key]?.() ?? null;
}

export function indentFor(path) {
  return INDENTS[keyOf(path)] ?? "  ";
}
