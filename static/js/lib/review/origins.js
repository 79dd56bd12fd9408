// Who wrote which line of a file: loaded when it is chosen, and put in as text only.
import { element } from "../dom.js";
import { gettext } from "../i18n.js";

/** Neighbouring lines of one event say their time once. */
function moment(line, before) {
  const [time, at, seq] = line;
  if (at === null || before?.[2] === seq) return "";
  const label = { type: "button", class: "time number", "data-moment": "" };
  return element("button", { ...label, "data-seq": seq, "data-t": at }, time);
}

function mark(origin, labels) {
  const words = labels[origin] ?? origin;
  const facts = { class: "origin", "data-origin": origin, title: words };
  return element("span", facts, element("span", { class: "visually-hidden" }, words));
}

/** A table row for each line: marks, moment, number and the text in parts. */
function drawLines({ lines, labels }) {
  return lines.map((line, at) => {
    const parts = line[3];
    const origins = [...new Set(parts.map(([origin]) => origin))];
    return element(
      "tr",
      {},
      element("td", { class: "by" }, ...origins.map((origin) => mark(origin, labels))),
      element("td", { class: "when" }, moment(line, lines[at - 1])),
      element("td", { class: "at" }, String(at + 1)),
      element(
        "td",
        {},
        ...parts.map(([origin, text]) =>
          element("span", { "data-by": origin, title: labels[origin] ?? origin }, text),
        ),
      ),
    );
  });
}

export function mountOrigins(root) {
  const table = root?.querySelector("[data-written-lines]");
  if (!table) return;
  const buttons = [...root.querySelectorAll("[data-written]")];
  const state = root.querySelector("[data-written-state]");
  let asked = 0;

  async function load(path) {
    asked += 1;
    const mine = asked;
    state.textContent = gettext("Loading…");
    try {
      const answer = await fetch(`${root.dataset.url}?${new URLSearchParams({ path })}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      if (mine !== asked) return;
      table.tBodies[0].replaceChildren(...drawLines(data));
      table.hidden = false;
      state.textContent = data.cut ? `${data.path} · ${data.cut}` : data.path;
    } catch {
      if (mine !== asked) return;
      state.textContent = gettext("The file could not be loaded. Choose it again.");
    }
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
      load(button.dataset.written);
    });
  }
}
