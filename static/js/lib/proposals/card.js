// A proposed edit in the answer: which files, how much, what was decided; the diff itself is in the editor.
import { element } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";
import { isApplied, isOpen } from "./decisions.js";

const WORDS = {
  undecided: () => gettext("Undecided"),
  accepted: () => gettext("Accepted"),
  edited: () => gettext("Accepted with changes"),
  refused: () => gettext("Refused"),
  applied: () => gettext("Applied"),
  taken_back: () => gettext("Taken back"),
};

function place({ action, line }) {
  if (action === "create") return gettext("New file");
  if (action === "delete") return gettext("Deletes the file");
  return interpolate(gettext("Line %(line)s"), { line });
}

/** The lines that go and those that come, as text, with a sign for each. */
export function diffLines(hunk) {
  const lines = (text, sign) => {
    const list = text.split("\n");
    if (list.at(-1) === "") list.pop();
    return list.map((line) =>
      element("span", { class: `diff-${sign}` }, `${SIGNS[sign]} ${line}\n`),
    );
  };
  const old = hunk.action === "delete" ? [] : lines(hunk.old, "old");
  return [...old, ...lines(hunk.text ?? hunk.new, "new")];
}

const SIGNS = { old: "−", new: "+" };

function counts({ added, removed }) {
  return element(
    "span",
    { class: "proposal-counts number" },
    element("span", { class: "diff-new" }, `+${added}`),
    " ",
    element("span", { class: "diff-old" }, `−${removed}`),
  );
}

/**
 * act: {accept(hunks), refuse(hunks), takeBack(hunks), show(hunk)} or null where nobody decides. hunks are numbers, undefined is all.
 */
export function createCard(act) {
  const root = element("section", { class: "proposal", "aria-label": gettext("Proposed edit") });
  let shown = null;

  function button(text, onclick, { primary = false, disabled = false, label = null } = {}) {
    const look = `button small${primary ? " primary" : ""}`;
    return element(
      "button",
      { type: "button", class: look, onclick, disabled, "aria-label": label },
      text,
    );
  }

  /** One part, or all that was applied. */
  function takeBack(proposal, hunk = null) {
    const place = hunk && { path: hunk.path, line: hunk.line };
    const label = place && interpolate(gettext("Take back %(path)s, line %(line)s"), place);
    const isOne = hunk || proposal.hunks.filter(isApplied).length === 1;
    const text = isOne ? gettext("Take back") : gettext("Take all back");
    const onclick = () => act.takeBack(hunk ? [hunk.hunk] : undefined);
    return button(text, onclick, { disabled: proposal.isBusy, label });
  }

  function drawHunk(proposal, hunk) {
    const isWhole = hunk.action !== "change";
    const state = element("span", { class: `proposal-state ${hunk.state}` }, WORDS[hunk.state]());
    const row = element(
      "div",
      { class: "proposal-hunk" },
      element("span", {}, place(hunk)),
      counts(hunk),
      state,
    );
    const parts = [row];
    // The editor shows changes of a document; a file that is not there yet can only be read here.
    if ((isWhole && hunk.action === "create") || !act || !isOpen(hunk)) {
      const code = element("pre", { class: "proposal-code", tabindex: "0" }, ...diffLines(hunk));
      parts.push(
        element(
          "details",
          {},
          element("summary", { class: "small" }, gettext("Show the lines")),
          code,
        ),
      );
    }
    if (hunk.problem) parts.push(element("p", { class: "status warning wrap" }, hunk.problem));
    if (act && isWhole && isOpen(hunk) && proposal.hunks.length > 1) {
      const { isBusy: disabled } = proposal;
      const named = (words) => interpolate(words, { path: hunk.path });
      parts.push(
        element(
          "div",
          { class: "proposal-bar" },
          button(gettext("Accept"), () => act.accept([hunk.hunk]), {
            disabled,
            label: named(gettext("Accept %(path)s")),
          }),
          button(gettext("Refuse"), () => act.refuse([hunk.hunk]), {
            disabled,
            label: named(gettext("Refuse %(path)s")),
          }),
        ),
      );
    }
    if (act && isApplied(hunk) && proposal.hunks.filter(isApplied).length > 1)
      parts.push(element("div", { class: "proposal-bar" }, takeBack(proposal, hunk)));
    return element("li", {}, ...parts);
  }

  function drawFile(proposal, path) {
    const hunks = proposal.hunks.filter((hunk) => hunk.path === path);
    return element(
      "div",
      { class: "proposal-file" },
      element("p", { class: "proposal-path code" }, path),
      element("ul", {}, ...hunks.map((hunk) => drawHunk(proposal, hunk))),
    );
  }

  function drawBar(proposal) {
    const open = proposal.hunks.filter(isOpen);
    if (act && open.length === 0 && proposal.hunks.some(isApplied))
      return element("div", { class: "proposal-bar" }, takeBack(proposal));
    if (!act || open.length === 0) return null;
    const disabled = proposal.isBusy;
    const first = open.find((hunk) => hunk.action === "change");
    const isOne = proposal.hunks.length === 1;
    return element(
      "div",
      { class: "proposal-bar" },
      button(isOne ? gettext("Accept") : gettext("Accept all"), () => act.accept(), {
        primary: true,
        disabled,
      }),
      button(isOne ? gettext("Refuse") : gettext("Refuse all"), () => act.refuse(), { disabled }),
      first ? button(gettext("Show in editor"), () => act.show(first)) : null,
      proposal.hunks.some(isApplied) ? takeBack(proposal) : null,
    );
  }

  return {
    root,
    update(proposal) {
      const key = JSON.stringify([proposal.isBusy, proposal.problem, proposal.hunks]);
      if (key === shown) return;
      shown = key;
      const hadFocus = root.contains(document.activeElement);
      const paths = [...new Set(proposal.hunks.map(({ path }) => path))];
      const title = proposal.summary || gettext("Proposed edit");
      const problem = proposal.problem
        ? element("p", { class: "status danger wrap" }, proposal.problem)
        : null;
      const parts = [
        element("p", { class: "proposal-title" }, title),
        ...paths.map((path) => drawFile(proposal, path)),
        problem,
        drawBar(proposal),
      ];
      root.replaceChildren(...parts.filter(Boolean));
      if (!hadFocus) return;
      root.tabIndex = -1;
      (root.querySelector("button:not([disabled])") ?? root).focus();
    },
  };
}
