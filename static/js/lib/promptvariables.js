// What the server checks when a draft is saved (assistant/variables.py), while it is typed.
const PLACEHOLDER = /\{\{ ([\p{L}\p{N}_]+) \}\}/gu;

export function findVariables(text) {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1]))];
}

// Returns [{name, state}], state one of present, missing, unknown and unused.
export function judgeVariables(text, { required, optional }) {
  const found = findVariables(text);
  const state = (name) => {
    if (found.includes(name)) return "present";
    return required.includes(name) ? "missing" : "unused";
  };
  const known = [...required, ...optional];
  const unknown = found.filter((name) => !known.includes(name));
  return [
    ...unknown.map((name) => ({ name, state: "unknown" })),
    ...known.map((name) => ({ name, state: state(name) })),
  ];
}

// Returns the numbers of lines with "{{" that opens no variable.
export function findStray(text) {
  return text
    .split("\n")
    .map((line, at) => (line.replace(PLACEHOLDER, "").includes("{{") ? at + 1 : 0))
    .filter(Boolean);
}
