// The line for a command of one's own, with the commands before it, and the variables runs are given.
import { gettext, interpolate } from "./i18n.js";

const KEPT = 50;
const VARIABLE = /^\s*([^=\s]+)=(.*)$/;

/** Earlier commands, the latest last. older() and newer() walk through them from what is typed, and back to it. */
export function createHistory(commands = []) {
  let list = commands.slice(-KEPT);
  let at = list.length;
  let draft = "";
  return {
    get list() {
      return list;
    },
    add(command) {
      list = [...list.filter((other) => other !== command), command].slice(-KEPT);
      at = list.length;
    },
    older(typed) {
      if (at === 0) return null;
      if (at === list.length) draft = typed;
      at -= 1;
      return list[at];
    },
    newer() {
      if (at === list.length) return null;
      at += 1;
      return at === list.length ? draft : list[at];
    },
  };
}

/** NAME=value, one a line: {env, problem}. Which names may be set is the server's to say. */
export function readVariables(text) {
  const env = {};
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    const found = VARIABLE.exec(line);
    if (!found) {
      const problem = gettext("A variable is written NAME=value, one a line: %(line)s");
      return { env: {}, problem: interpolate(problem, { line: line.trim().slice(0, 60) }) };
    }
    env[found[1]] = found[2];
  }
  return { env, problem: "" };
}

function recall(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

function remember(key, list) {
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // Then it is not there after a reload.
  }
}

/**
 * form holds [data-command-line], [data-command-variables] and the button that shows them. run(command) starts it.
 * Without a form there is neither.
 */
export function createCommandLine({ form, memoryKey, run }) {
  if (!form) return { focus() {}, env: () => ({ env: {}, problem: "" }), started() {} };
  const line = form.querySelector("[data-command-line]");
  const toggle = form.querySelector("[data-command-toggle]");
  const variables = form.querySelector("[data-command-variables]");
  const history = createHistory(recall(memoryKey));

  function show(command) {
    if (command === null) return;
    line.value = command;
    line.setSelectionRange(command.length, command.length);
  }

  line.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    show(event.key === "ArrowUp" ? history.older(line.value) : history.newer());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const command = line.value.trim();
    if (command) run(command);
  });
  toggle.addEventListener("click", () => {
    const field = variables.closest(".command-variables");
    field.hidden = !field.hidden;
    toggle.setAttribute("aria-expanded", String(!field.hidden));
    if (!field.hidden) variables.focus();
  });

  return {
    focus: () => line.focus(),
    env: () => readVariables(variables.value),
    /** The server took the command: it is kept, and there is room for the next. */
    started(command) {
      history.add(command);
      remember(memoryKey, history.list);
      if (line.value.trim() === command) line.value = "";
    },
  };
}
