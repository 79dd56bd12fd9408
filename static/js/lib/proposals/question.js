// A question of the assistant with answers to choose from.
import { element } from "../dom.js";
import { gettext } from "../i18n.js";
import { isAnswered } from "./decisions.js";

/** answer(numbers) sends what was chosen, [] skips; null where nobody answers. */
export function createQuestionCard(answer) {
  const root = element("form", { class: "proposal question" });
  let shown = null;

  function chosen() {
    return [...root.querySelectorAll("input:checked")].map((input) => Number(input.value));
  }

  function drawOption(question, text, number) {
    const type = question.allows_several ? "checkbox" : "radio";
    const checked = question.answer?.includes(number) ?? false;
    const disabled = !answer || isAnswered(question) || question.isBusy;
    const name = `question-${question.question}`;
    const input = element("input", { type, name, value: number, checked, disabled });
    return element("label", { class: "question-option" }, input, element("span", {}, text));
  }

  function drawBar(question) {
    if (question.is_skipped) return element("p", { class: "muted small" }, gettext("Skipped"));
    if (isAnswered(question)) return element("p", { class: "muted small" }, gettext("Answered"));
    if (!answer) return element("p", { class: "muted small" }, gettext("Not answered yet"));
    const { isBusy: disabled } = question;
    const send = { type: "submit", class: "button small primary", disabled };
    const skip = { type: "button", class: "button small", disabled, onclick: () => answer([]) };
    return element(
      "div",
      { class: "proposal-bar" },
      element("button", send, gettext("Send")),
      element("button", skip, gettext("Skip")),
    );
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const numbers = chosen();
    if (numbers.length > 0) answer?.(numbers);
    else root.querySelector("input")?.focus();
  });

  return {
    root,
    update(question) {
      const key = JSON.stringify(question);
      if (key === shown) return;
      shown = key;
      const hadFocus = root.contains(document.activeElement);
      const before = new Set(chosen());
      const options = question.options.map((text, number) => drawOption(question, text, number));
      const legend = element("legend", {}, question.text);
      const problem = question.problem
        ? element("p", { class: "status danger wrap" }, question.problem)
        : null;
      const parts = [element("fieldset", {}, legend, ...options), problem, drawBar(question)];
      root.replaceChildren(...parts.filter(Boolean));
      if (isAnswered(question)) {
        root.tabIndex = -1;
        if (hadFocus) root.focus();
        return;
      }
      for (const input of root.querySelectorAll("input"))
        input.checked = before.has(Number(input.value));
      if (hadFocus) root.querySelector("input, button")?.focus();
    },
  };
}
