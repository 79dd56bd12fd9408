// What a block of code in an answer is called, and how it is run. No DOM here.
import { gettext } from "./i18n.js";

const MOST_CHARS = 2_000;
const SHELL = new Set(["sh", "bash", "shell", "zsh", "console", "shell-session", "terminal"]);
const INTERPRETERS = { python: "python3 -", py: "python3 -", python3: "python3 -" };
for (const name of ["javascript", "js", "mjs", "node"]) INTERPRETERS[name] = "node -";

const NAMES = {
  py: "Python",
  js: "JavaScript",
  mjs: "JavaScript",
  ts: "TypeScript",
  tsx: "TypeScript",
  javascript: "JavaScript",
  typescript: "TypeScript",
  cpp: "C++",
  csharp: "C#",
  cs: "C#",
  html: "HTML",
  css: "CSS",
  json: "JSON",
  sql: "SQL",
  xml: "XML",
  yaml: "YAML",
  yml: "YAML",
  toml: "TOML",
  rb: "Ruby",
  rs: "Rust",
  golang: "Go",
  md: "Markdown",
  text: "",
  txt: "",
  plaintext: "",
};

/** Whether a block is commands for a shell. */
export const isShell = (language) => SHELL.has(language.toLowerCase());

/** The name of a language for people; nothing for plain text. */
export function languageName(language) {
  const key = language.toLowerCase();
  if (SHELL.has(key)) return gettext("Shell");
  return NAMES[key] ?? language.charAt(0).toUpperCase() + language.slice(1);
}

/** A transcript shows its commands behind a "$ "; what they printed is left out. */
function shellLines(code) {
  const lines = code.split("\n");
  const prompt = /^\s*\$ /;
  if (!lines.some((line) => prompt.test(line))) return code;
  let goesOn = false;
  const kept = lines.filter((line) => {
    const isCommand = goesOn || prompt.test(line);
    goesOn = isCommand && line.endsWith("\\");
    return isCommand;
  });
  return kept.map((line) => line.replace(prompt, "")).join("\n");
}

function asInput(code, interpreter) {
  let mark = "END";
  while (code.split("\n").includes(mark)) mark += "_";
  return `${interpreter} <<'${mark}'\n${code}\n${mark}`;
}

/** The command that runs a block of code; null where it is nothing to run. */
export function snippetCommand(code, language) {
  const key = language.toLowerCase();
  if (!code.trim()) return null;
  if (SHELL.has(key)) return shellLines(code).trim();
  const interpreter = Object.hasOwn(INTERPRETERS, key) ? INTERPRETERS[key] : null;
  if (!interpreter || /^(?:>>>|In \[)/m.test(code)) return null;
  return asInput(code, interpreter);
}

/** Why a command can not be run as it is, or nothing. */
export function commandProblem(command) {
  return command.length > MOST_CHARS
    ? gettext("This is too long to be run from here. Put it into a file and run that.")
    : "";
}
