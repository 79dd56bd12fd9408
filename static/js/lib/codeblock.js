// A block of code in an answer: highlighted as it grows, with Copy, Apply and Run once it is whole.
import { classHighlighter, highlightCode } from "../../vendor/codemirror.js";
import { applyButton, copyButton, runButton } from "./codetools.js";
import { element } from "./dom.js";
import { languageFor } from "./editorlanguages.js";
import { morph } from "./morph.js";
import { languageName } from "./snippets.js";

function highlight(code, language) {
  const fragment = document.createDocumentFragment();
  const known = languageFor(language || "");
  // Some languages come with their extensions, some as they are.
  const parser = known?.language?.parser ?? known?.parser;
  if (!parser) {
    fragment.append(code);
    return fragment;
  }
  // Neighbouring pieces of plain text are one node, as they are on screen.
  const put = (text, classes) => {
    const { lastChild } = fragment;
    if (classes) fragment.append(element("span", { class: classes }, text));
    else if (lastChild?.nodeType === Node.TEXT_NODE) lastChild.appendData(text);
    else fragment.append(text);
  };
  highlightCode(code, parser.parse(code), classHighlighter, put, () => put("\n"));
  return fragment;
}

/**
 * apply is null where nothing may be applied, else {target() -> {name, line} | null, run({mode, text})}; run is null
 * where nothing is run, else {obstacle(way) -> why not or "", start(command, way)} with way {isShell}. Gives {root, isFor(block), update(block)}.
 */
export function createCodeBlock({ language }, { apply = null, run = null }) {
  const body = element("code");
  const label = element("span", { class: "code-language small" }, languageName(language));
  const tools = element("div", { class: "code-tools" }, label);
  const root = element(
    "figure",
    { class: "code-block" },
    tools,
    element("pre", { tabindex: "0" }, body),
  );
  let shown = null;
  let isDone = false;

  function finish(code) {
    isDone = true;
    const result = element("span", { class: "code-result small", role: "status" });
    const runs = run && runButton({ code, language, run, result });
    if (runs) tools.append(runs);
    tools.append(copyButton(code));
    if (apply) tools.append(applyButton({ code, apply, result }));
    root.append(result);
  }

  return {
    root,
    // What was whole is another block when it changes.
    isFor: (block) => block.language === language && !(isDone && block.code !== shown),
    update({ code, closed }) {
      if (code !== shown) morph(body, highlight(code, language));
      shown = code;
      if (closed && !isDone) finish(code);
    },
  };
}
