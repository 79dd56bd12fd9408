// A block of code in an answer: highlighted, with Copy and Apply.
import { classHighlighter, highlightCode } from "../../vendor/codemirror.js";
import { element, icon } from "./dom.js";
import { languageFor } from "./editorlanguages.js";
import { gettext, interpolate } from "./i18n.js";
import { createMenu } from "./menu.js";

export function highlightInto(target, code, language) {
  const parser = languageFor(language || "")?.language.parser;
  if (!parser) {
    target.textContent = code;
    return;
  }
  const put = (text, classes) => {
    target.append(classes ? element("span", { class: classes }, text) : text);
  };
  highlightCode(code, parser.parse(code), classHighlighter, put, () => target.append("\n"));
}

function copyButton(code) {
  const button = element(
    "button",
    { type: "button", class: "button quiet small" },
    gettext("Copy"),
  );
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
    }, 1500);
  });
  return button;
}

function choices({ name, line }) {
  const label = (text) => interpolate(text, { name, line });
  return [
    { mode: "insert", label: label(gettext("Insert at line %(line)s of %(name)s")) },
    { mode: "append", label: label(gettext("Append to %(name)s")) },
    { mode: "replace", label: label(gettext("Replace all of %(name)s")), destructive: true },
  ];
}

function applyButton(code, apply) {
  const button = element(
    "button",
    { type: "button", class: "button quiet small" },
    gettext("Apply"),
    icon("down"),
  );
  const result = element("span", { class: "code-result small", role: "status" });

  async function choose({ mode }) {
    button.disabled = true;
    result.replaceChildren(gettext("Applying…"));
    try {
      const { text, undo } = await apply.run({ mode, text: code });
      const back = element(
        "button",
        { type: "button", class: "button quiet small" },
        gettext("Undo"),
      );
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

  const menu = createMenu(button, () => {
    const target = apply.target();
    return target
      ? choices(target).map((item) => ({ ...item, choose }))
      : [{ label: gettext("Open a file first"), disabled: true }];
  });
  return { menu, result };
}

/** apply is null where nothing may be applied, else {target() -> {name, line} | null, run({mode, text})}. */
export function createCodeBlock({ code, language, closed }, apply) {
  const body = element("code");
  highlightInto(body, code, language);
  const tools = element(
    "div",
    { class: "code-tools" },
    element("span", { class: "muted small" }, language),
  );
  const figure = element(
    "figure",
    { class: "code-block" },
    tools,
    element("pre", { tabindex: "0" }, body),
  );
  if (!closed) return figure;
  tools.append(copyButton(code));
  if (apply) {
    const { menu, result } = applyButton(code, apply);
    tools.append(menu);
    figure.append(result);
  }
  return figure;
}
