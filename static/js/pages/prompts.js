// Under a draft's text: which variables it has, which are missing, which are unknown.
import { findStray, judgeVariables } from "../lib/promptvariables.js";

const TONES = { present: "good", missing: "danger", unknown: "danger", unused: "" };

function mount(text) {
  const known = JSON.parse(text.dataset.promptVariables);
  const words = JSON.parse(text.dataset.promptWords);
  const prompt = document.querySelector("select[name=prompt]");
  const list = document.createElement("ul");
  list.className = "pd-variables";
  list.setAttribute("aria-label", words.list);
  text.after(list);

  const show = () => {
    const key = prompt?.value || Object.keys(known)[0];
    const variables = prompt && !prompt.value ? null : known[key];
    list.replaceChildren();
    if (!variables) return;
    const add = (label, tone) => {
      const item = document.createElement("li");
      item.className = `bo-status ${tone}`;
      item.textContent = label;
      list.append(item);
    };
    for (const { name, state } of judgeVariables(text.value, variables)) {
      add(`${name}: ${words[state]}`, TONES[state]);
    }
    for (const line of findStray(text.value)) {
      add(words.stray.replace("%d", line), "danger");
    }
  };
  text.addEventListener("input", show);
  prompt?.addEventListener("change", show);
  show();
}

for (const text of document.querySelectorAll("[data-prompt-variables]")) mount(text);
