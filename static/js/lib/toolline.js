// One quiet line for what a tool did; its detail opens below.
import { element, setText } from "./dom.js";
import { gettext } from "./i18n.js";

/** How it stands, for those who do not see the mark; that it was stopped is there to be read. */
function stateText(state) {
  if (state === "stopped") return `· ${gettext("Stopped")}`;
  if (state === "running") return `, ${gettext("running")}`;
  return state === "failed" ? `, ${gettext("failed")}` : `, ${gettext("done")}`;
}

export function createToolLine() {
  const title = element("span", { class: "tool-title" });
  const state = element("span");
  const mark = element("span", { class: "tool-mark", "aria-hidden": "true" });
  const summary = element("summary", {}, mark, title, state);
  const detail = element("pre", { class: "tool-detail", tabindex: "0" });
  const root = element("details", { class: "tool-line" }, summary, detail);
  // Without a detail there is nothing to open.
  summary.addEventListener("click", (event) => {
    if (root.classList.contains("bare")) event.preventDefault();
  });
  return {
    root,
    update(tool) {
      const isBare = !tool.detail;
      root.dataset.tool = tool.state;
      root.classList.toggle("bare", isBare);
      summary.tabIndex = isBare ? -1 : 0;
      setText(title, tool.title || tool.name);
      state.classList.toggle("visually-hidden", tool.state !== "stopped");
      setText(state, stateText(tool.state));
      setText(detail, tool.detail ?? "");
    },
  };
}
