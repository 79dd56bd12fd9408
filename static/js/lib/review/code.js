// Files with their versions: lines come from the server and go in as text only.
import { element } from "../dom.js";
import { gettext } from "../i18n.js";

const SIGNS = { added: "+", removed: "−", same: " " };

export function mountCode(root, { onMoment }) {
  if (!root) return;
  const part = (name) => root.querySelector(`[data-code-${name}]`);
  const buttons = [...root.querySelectorAll("[data-path]")];
  let shown = null;
  let asked = 0;

  function say(text) {
    part("state").textContent = text;
  }

  async function load(path, version, against) {
    asked += 1;
    const mine = asked;
    const query = new URLSearchParams({ path });
    if (version !== null) query.set("version", version);
    if (against !== null) query.set("against", against);
    say(gettext("Loading…"));
    try {
      const answer = await fetch(`${root.dataset.url}?${query}`);
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      if (mine === asked) render(data);
    } catch {
      if (mine === asked) say(gettext("The file could not be loaded. Choose it again."));
    }
  }

  function choices(versions, chosen, none) {
    const options = versions.map((one, at) =>
      element(
        "option",
        { value: at, selected: at === chosen },
        `${at + 1}. ${one.label} ${one.time}`,
      ),
    );
    return none ? [element("option", { value: "" }, none), ...options] : options;
  }

  function render(data) {
    shown = data;
    part("tools").hidden = false;
    part("version").replaceChildren(...choices(data.versions, data.version, ""));
    part("against").replaceChildren(...choices(data.versions, data.against, gettext("nothing")));
    part("moment").hidden = data.versions[data.version].t_ms === null;
    part("lines").tBodies[0].replaceChildren(...data.rows.map(line));
    part("lines").hidden = false;
    say(data.path);
  }

  function line([kind, before, after, text]) {
    const at = shown.against === null ? [] : [element("td", { class: "at" }, String(before || ""))];
    const sign = shown.against === null ? [] : [element("td", {}, SIGNS[kind])];
    return element(
      "tr",
      { class: kind },
      ...at,
      element("td", { class: "at" }, String(after || "")),
      ...sign,
      element("td", {}, text),
    );
  }

  const numberOf = (select) => (select.value === "" ? null : Number(select.value));
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-path]");
    if (!button) return;
    for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
    load(button.dataset.path, null, null);
  });
  root.addEventListener("change", () => {
    load(shown.path, numberOf(part("version")), numberOf(part("against")));
  });
  part("moment").addEventListener("click", () => {
    const version = shown.versions[shown.version];
    onMoment({ time: version.t_ms, seq: version.seq });
  });
}
