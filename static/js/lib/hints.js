// What the assistant may do, in words, and the hint ladder: one rung at a time, each on record.
import { element, setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { safeFragment, splitBlocks } from "./markdown.js";

function hintText(text) {
  const parts = splitBlocks(text).map(({ html, code }) =>
    html === undefined ? element("pre", {}, element("code", {}, code)) : safeFragment(html),
  );
  return element("div", { class: "hint-text", dir: "auto" }, ...parts);
}

function sourceText({ source, simulated }) {
  if (source === "problem") return gettext("with the problem");
  return simulated ? gettext("by the assistant, simulated") : gettext("by the assistant");
}

function drawHint(hint) {
  const name = interpolate(gettext("Hint %(n)s"), { n: hint.number });
  const head = element("p", { class: "hint-head small" }, element("strong", {}, name));
  head.append(element("span", { class: "muted" }, ` · ${sourceText(hint)}`));
  return element("li", { class: "hint" }, head, hintText(hint.text));
}

/** What stands under the ladder: a failure, what is under way, or that it ends here. */
function stateText({ problem, is_pending, own_left, model_left }, isWatched) {
  if (is_pending) return gettext("The assistant writes a hint…");
  if (isWatched) return "";
  if (problem) return problem;
  return own_left + model_left > 0 ? "" : gettext("There are no more hints for this problem.");
}

function askText({ taken, own_left }) {
  if (own_left === 0) return gettext("Ask for a hint");
  return taken.length > 0 ? gettext("Next hint") : gettext("Take a hint");
}

/**
 * root holds [data-hints=policy|lines|toggle|count|list|take|state|announce]; without a button nothing can be taken.
 * folder() names the section on screen, files() what goes along; draw() after another section was opened.
 */
export function createHints({ root, socket, folder = () => "", files = () => [] }) {
  const part = (name) => root.querySelector(`[data-hints="${name}"]`);
  const [count, list, take, state, announce] = ["count", "list", "take", "state", "announce"].map(
    part,
  );
  const known = new Map();
  let ladder = null;
  let refusal = { folder: "", text: "" };
  let asking = false;

  function bind(name, region) {
    const button = part(name);
    const show = (isOpen) => {
      button.setAttribute("aria-expanded", String(isOpen));
      region.hidden = !isOpen;
    };
    button.addEventListener("click", () => show(region.hidden));
    return show;
  }

  bind("policy", part("lines"));
  const showList = bind("toggle", list);

  function current() {
    const named = folder();
    const { sections, section } = ladder;
    return sections.find((one) => one.folder === named) ?? sections[section];
  }

  function drawList({ taken }) {
    const nodes = taken.map((hint) => {
      if (!known.has(hint.id)) known.set(hint.id, drawHint(hint));
      return known.get(hint.id);
    });
    const isSame =
      nodes.length === list.children.length &&
      nodes.every((node, at) => node === list.children[at]);
    if (!isSame) list.replaceChildren(...nodes);
    const text = ngettext("%(n)s taken", "%(n)s taken", taken.length);
    setText(count, interpolate(text, { n: taken.length }));
    part("toggle").hidden = taken.length === 0;
    if (taken.length === 0) showList(false);
  }

  function drawButton(section) {
    if (!take) return;
    const left = section.own_left + section.model_left;
    const isDone = left === 0 && !section.is_pending;
    // Whoever pressed it for the last time is not to lose their place.
    if (isDone && document.activeElement === take) part("toggle").focus();
    take.hidden = isDone;
    setText(take, askText(section));
    take.setAttribute("aria-disabled", String(asking));
  }

  function draw() {
    const section = ladder && current();
    if (!section) {
      part("toggle").hidden = true;
      if (take) take.hidden = true;
      showList(false);
      return;
    }
    drawList(section);
    drawButton(section);
    const refused = refusal.folder === section.folder ? refusal.text : "";
    setText(state, refused || stateText(section, !take));
  }

  /** The newest hint opens the list, and is read out once. */
  function tellNew(before) {
    const hint = current()?.taken.at(-1);
    if (!hint || before.has(hint.id)) return;
    showList(true);
    // Only this region scrolls: asking for the element to be in view would move the page as well.
    root.scrollTop = known.get(hint.id).offsetTop - part("toggle").parentElement.offsetHeight;
    const said = interpolate(gettext("Hint %(n)s"), { n: hint.number });
    announce.textContent = `${said}: ${known.get(hint.id).querySelector(".hint-text").textContent}`;
  }

  function changed({ hints }) {
    const before = new Set(known.keys());
    ladder = hints;
    refusal = { folder: "", text: "" };
    draw();
    if (ladder) tellNew(before);
  }

  async function ask() {
    if (take.getAttribute("aria-disabled") === "true") return;
    const section = current().folder;
    asking = true;
    refusal = { folder: section, text: "" };
    draw();
    const frame = { type: "hint.take", id: crypto.randomUUID(), section, files: files() };
    try {
      await socket.request(frame);
    } catch (error) {
      const text = error.message || gettext("The hint was not taken. Try again in a moment.");
      refusal = { folder: section, text };
    }
    asking = false;
    draw();
  }

  take?.addEventListener("click", ask);
  socket.on("hello", ({ hints = null, policy_text: lines = [] }) => {
    ladder = hints;
    part("lines").replaceChildren(...lines.map((line) => element("li", {}, line)));
    draw();
  });
  socket.on("hints.changed", changed);
  return { draw };
}
