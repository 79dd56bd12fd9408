// What can be done with a block of code in an answer: copy it, put it into a file, run it.
import { element, icon } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { createMenu } from "./menu.js";
import { commandProblem, isShell, snippetCommand } from "./snippets.js";

const COPIED_MS = 1500;

function quietButton(...content) {
  return element("button", { type: "button", class: "button quiet small" }, ...content);
}

export function copyButton(code) {
  const button = quietButton(gettext("Copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      button.dispatchEvent(new CustomEvent("room:copied", { bubbles: true, detail: code }));
      button.textContent = gettext("Copied");
    } catch {
      button.textContent = gettext("Copying is blocked");
    }
    setTimeout(() => {
      button.textContent = gettext("Copy");
    }, COPIED_MS);
  });
  return button;
}

/** Where a Run button stands: why it does nothing now, for those who see it and those who hear it. */
function drawObstacle(button, problem) {
  if (problem) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
  button.title = problem || gettext("Run this in the folder of the problem");
}

/** The button that runs a block; null where the block is nothing to run. */
export function runButton({ code, language, run, result }) {
  const command = snippetCommand(code, language);
  if (command === null) return null;
  const button = quietButton(gettext("Run"));
  const way = { isShell: isShell(language) };
  const problem = () => run.obstacle(way) || commandProblem(command);
  const draw = () => drawObstacle(button, problem());
  for (const name of ["pointerenter", "focus"]) button.addEventListener(name, draw);
  button.addEventListener("click", () => {
    draw();
    const text = problem();
    result.replaceChildren(text);
    if (!text) run.start(command, way);
  });
  draw();
  button.redraw = draw;
  button.dataset.codeRun = "";
  return button;
}

/** Has every Run button below root say what is so now. */
export function redrawRuns(root) {
  for (const button of root.querySelectorAll("[data-code-run]")) button.redraw();
}

function choices({ name, line }) {
  const label = (text) => interpolate(text, { name, line });
  return [
    { mode: "insert", label: label(gettext("Insert at line %(line)s of %(name)s")) },
    { mode: "append", label: label(gettext("Append to %(name)s")) },
    { mode: "replace", label: label(gettext("Replace all of %(name)s")), destructive: true },
  ];
}

/** The menu that puts a block into the open file; what became of it is told in result. */
export function applyButton({ code, apply, result }) {
  const button = quietButton(gettext("Apply"), icon("down"));

  async function choose({ mode }) {
    button.disabled = true;
    result.replaceChildren(gettext("Applying…"));
    try {
      const { text, undo } = await apply.run({ mode, text: code });
      const back = quietButton(gettext("Undo"));
      back.addEventListener("click", () => result.replaceChildren(undo()));
      result.replaceChildren(text, back);
    } catch (error) {
      result.replaceChildren(
        error.message || gettext("It could not be applied. Try again in a moment."),
      );
    } finally {
      button.disabled = false;
    }
  }

  return createMenu(button, () => {
    const target = apply.target();
    return target
      ? choices(target).map((item) => ({ ...item, choose }))
      : [{ label: gettext("Open a file first"), disabled: true }];
  });
}
