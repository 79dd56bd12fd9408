// What becomes of uploads, below the tree: how far they are, and each file that was refused with what can be done.
import { element, icon } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";

const SOON_MS = 120;

const button = (label, choose, kind = "") =>
  element("button", { type: "button", class: `button small ${kind}`, onclick: choose }, label);

/** root is the place for it; shortOf(path) is how a file is called. */
export function showUploads({ root, uploads, shortOf }) {
  const note = element("p", { class: "upload-note small muted" });
  let timer = null;
  let hadFocusOn = null;

  const count = (...states) => uploads.items.filter(({ state }) => states.includes(state)).length;

  function drawProgress() {
    const going = uploads.items.filter(({ state }) => state !== "refused" && state !== "stopped");
    const total = going.reduce((sum, { size }) => sum + size + 1, 0);
    const sent = going.reduce(
      (sum, { state, size, sent: part }) => sum + (state === "stored" ? size + 1 : part),
      0,
    );
    const stored = count("stored");
    const words = interpolate(gettext("Uploading: %(stored)s of %(all)s"), {
      stored,
      all: going.length,
    });
    return element(
      "div",
      { class: "upload-progress" },
      element("span", { class: "number" }, words),
      element("progress", { class: "meter", max: total, value: sent, "aria-label": words }),
      button(gettext("Stop"), () => uploads.stop(), "quiet"),
    );
  }

  function drawDone() {
    const stored = count("stored");
    const stopped = count("stopped");
    const words = [
      interpolate(ngettext("%(n)s file uploaded.", "%(n)s files uploaded.", stored), { n: stored }),
    ];
    if (stopped > 0) {
      const left = ngettext("%(n)s was not sent.", "%(n)s were not sent.", stopped);
      words.push(interpolate(left, { n: stopped }));
    }
    const label = gettext("Close this line");
    return element(
      "div",
      { class: "file-line" },
      element("span", { class: "file-line-text" }, words.join(" ")),
      element(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": label,
          title: label,
          onclick: () => uploads.clear(),
        },
        icon("close"),
      ),
    );
  }

  function choicesFor(item) {
    if (item.code === "exists") {
      return [
        ...(item.mode === "replace"
          ? []
          : [button(gettext("Replace"), () => uploads.retry(item, "replace"))]),
        button(gettext("Keep both"), () => uploads.retry(item, "both")),
      ];
    }
    const isPassing = !item.code || item.code === "not_stored" || item.code === "workspace_full";
    return isPassing ? [button(gettext("Try again"), () => uploads.retry(item))] : [];
  }

  function drawRefused(item) {
    const choices = choicesFor(item);
    const leave = choices.length > 0 ? gettext("Skip") : gettext("Dismiss");
    return element(
      "li",
      { class: "upload-refused" },
      element("span", { class: "code", title: item.path }, shortOf(item.path)),
      element("span", { class: "upload-words" }, item.message),
      element(
        "span",
        { class: "upload-choices" },
        ...choices,
        button(leave, () => uploads.skip(item), "quiet"),
      ),
    );
  }

  function drawForAll(taken) {
    const all = (mode) => () => {
      for (const item of taken) uploads.retry(item, mode);
    };
    return element(
      "div",
      { class: "upload-choices" },
      button(gettext("Replace all"), all("replace")),
      button(gettext("Keep both of all"), all("both")),
      button(gettext("Skip all"), () => taken.forEach(uploads.skip), "quiet"),
    );
  }

  function draw() {
    timer = null;
    const refused = uploads.items.filter(({ state }) => state === "refused");
    const taken = refused.filter(({ code, mode }) => code === "exists" && mode === "new");
    const parts = [];
    if (count("waiting", "sending") > 0) parts.push(drawProgress());
    else if (count("stored", "stopped") > 0) parts.push(drawDone());
    if (note.textContent) parts.push(note);
    if (taken.length > 1) parts.push(drawForAll(taken));
    if (refused.length > 0)
      parts.push(element("ul", { role: "list" }, ...refused.map(drawRefused)));
    hadFocusOn = root.contains(document.activeElement) ? document.activeElement.textContent : null;
    root.replaceChildren(...parts);
    root.hidden = parts.length === 0;
    if (hadFocusOn === null) return;
    const same = [...root.querySelectorAll("button")].find((one) => one.textContent === hadFocusOn);
    (same ?? root.querySelector("button"))?.focus();
  }

  function drawSoon() {
    if (timer === null) timer = setTimeout(draw, SOON_MS);
  }

  uploads.on("change", () => {
    if (uploads.items.length === 0) note.textContent = "";
    drawSoon();
  });

  return {
    /** What was passed over in a folder, and whether there was too much. */
    tell({ left, isCut }, most) {
      const words = [];
      if (left.size > 0) {
        const names = [...left].sort().join(", ");
        words.push(interpolate(gettext("Left out: %(names)s."), { names }));
      }
      if (isCut) {
        const text = gettext("Only the first %(most)s files are uploaded.");
        words.push(interpolate(text, { most: most.toLocaleString() }));
      }
      note.textContent = words.join(" ");
      drawSoon();
    },
  };
}
