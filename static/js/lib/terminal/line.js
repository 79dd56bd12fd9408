// The line above a terminal: a question that waits for an answer, or what happened and what can be done.
import { element } from "../dom.js";
import { gettext } from "../i18n.js";

const actionButton = ({ label, run, isDanger }) =>
  element(
    "button",
    { type: "button", class: `button small${isDanger ? " danger" : ""}`, onclick: run },
    label,
  );

export function createLine(root) {
  let asked = null;
  let told = null;

  function draw() {
    const shown = asked ?? told;
    root.hidden = !shown;
    root.replaceChildren(...(shown ? [element("span", {}, shown.text), ...shown.parts] : []));
  }

  function answer() {
    asked = null;
    draw();
  }

  /** A question stands until it is answered: parts go behind its text, with a button that leaves all as it is. */
  function ask({ text, parts, no }) {
    asked = { text, parts: [...parts, actionButton({ label: no, run: answer })] };
    draw();
    root.querySelector("button, a")?.focus();
  }

  return {
    answer,
    /** What is so now, or null; a question goes before. */
    tell(next) {
      const parts = next?.action ? [actionButton(next.action)] : [];
      told = next ? { text: next.text, parts } : null;
      draw();
    },
    askClose(text, run) {
      const yes = { label: gettext("Close it"), isDanger: true };
      const button = actionButton({
        ...yes,
        run: () => {
          answer();
          run();
        },
      });
      ask({ text, parts: [button], no: gettext("Keep it") });
    },
    /** The address as it will be opened, whatever a program showed in its place. */
    askLink(url) {
      const address = element("code", { class: "terminal-address", dir: "ltr" }, url.href);
      const link = element(
        "a",
        { class: "button small", href: url.href, target: "_blank", rel: "noopener noreferrer" },
        gettext("Open in a new tab"),
      );
      link.addEventListener("click", answer);
      ask({ text: gettext("Open this address?"), parts: [address, link], no: gettext("Leave it") });
    },
  };
}

/** What stands above the terminal that is shown: {text, action}, or null where all is well. */
export function lineFor({ facts, warning, isMember, restart, close }) {
  if (warning) return { text: warning, action: { label: gettext("Close"), run: close } };
  if (facts?.phase !== "ended" && facts?.phase !== "closed") return null;
  const mayRestart = facts.isDriver && !isMember;
  const action = mayRestart ? { label: gettext("Start again"), run: restart } : null;
  return { text: facts.message, action };
}
