// The form above the tree: asks for a name, for a folder, or once more before a folder goes.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";

/** done() is called when it closes. send() rejects with the words to show; the form stays with what was typed until then. */
export function createTreeForm(form, { done }) {
  function close() {
    if (form.hidden) return;
    const hadFocus = form.contains(document.activeElement);
    form.hidden = true;
    form.replaceChildren();
    if (hadFocus) done();
  }

  function buttons(label, kind) {
    const cancel = { type: "button", class: "button quiet", onclick: close };
    return element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: `button ${kind}` }, label),
      element("button", cancel, gettext("Cancel")),
    );
  }

  function open(parts, send) {
    const error = element("p", { class: "error", role: "alert" });
    form.replaceChildren(...parts.slice(0, -1), error, parts.at(-1));
    form.hidden = false;
    form.onsubmit = async (event) => {
      event.preventDefault();
      error.textContent = "";
      try {
        await send();
        close();
      } catch (failure) {
        error.textContent = failure.message || gettext("The connection is away. Try again.");
      }
    };
  }

  function field(label, control) {
    const id = "tree-field";
    control.id = id;
    return element("div", { class: "field" }, element("label", { for: id }, label), control);
  }

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });

  return {
    close,

    /** problem(name) says what is wrong with it, or "". The part behind the last slash and before the dot is selected. */
    askName({ label, value, submit, problem, send }) {
      const input = element("input", { autocomplete: "off", spellcheck: "false" });
      input.value = value;
      open([field(label, input), buttons(submit, "primary")], async () => {
        const words = problem(input.value);
        if (words) throw new Error(words);
        await send(input.value.trim());
      });
      const start = value.lastIndexOf("/") + 1;
      const dot = value.lastIndexOf(".");
      input.focus();
      input.setSelectionRange(start, dot > start ? dot : value.length);
    },

    /** choices: {value, label} to take one of; none is said where there are none. */
    askChoice({ label, choices, none, submit, send }) {
      if (choices.length === 0) {
        const row = element(
          "div",
          { class: "actions" },
          element("button", { type: "button", class: "button", onclick: close }, gettext("Close")),
        );
        open([element("p", {}, none), row], async () => {});
        row.querySelector("button").focus();
        return;
      }
      const select = element(
        "select",
        {},
        ...choices.map((choice) => element("option", { value: choice.value }, choice.label)),
      );
      open([field(label, select), buttons(submit, "primary")], () => send(select.value));
      select.focus();
    },

    confirm({ question, submit, send }) {
      const row = buttons(submit, "danger");
      open([element("p", {}, question), row], send);
      row.querySelector("button").focus();
    },
  };
}
