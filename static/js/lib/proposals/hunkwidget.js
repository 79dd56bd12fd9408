// One undecided part below its lines in the editor: what would come, and Accept, Refuse, Edit first.
import { WidgetType } from "../../../vendor/codemirror.js";
import { element } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";

const LINE_PX = 21;
const BAR_PX = 44;

class HunkWidget extends WidgetType {
  constructor(act, { key, hunk, isBusy }, isStale) {
    super();
    Object.assign(this, { act, key, hunk, isBusy, isStale });
  }

  eq(other) {
    const isSame = ["key", "isStale", "isBusy"].every((name) => other[name] === this[name]);
    return isSame && other.hunk.problem === this.hunk.problem;
  }

  get estimatedHeight() {
    return this.hunk.new.split("\n").length * LINE_PX + BAR_PX;
  }

  ignoreEvent() {
    return true;
  }

  /** Measured by the editor, which looks for changes of height only when it is told. */
  toDOM(view) {
    const root = element("div", {
      class: "hunk",
      role: "group",
      "aria-label": interpolate(gettext("Proposed for line %(line)s"), { line: this.hunk.line }),
      "data-hunk": this.key,
    });
    this.draw(root, view);
    return root;
  }

  draw(root, view) {
    const draft = this.act.draftOf(this.key);
    const parts =
      draft === undefined ? this.readPart(root, view) : this.editPart(root, view, draft);
    root.replaceChildren(...parts.filter(Boolean));
    view.requestMeasure();
  }

  button(text, onclick, { primary = false, disabled = this.isBusy } = {}) {
    const look = `button small${primary ? " primary" : ""}`;
    return element("button", { type: "button", class: look, onclick, disabled }, text);
  }

  readPart(root, view) {
    const lines = this.hunk.new.replace(/\n$/, "").split("\n");
    const isRemoval = this.hunk.new === "";
    const code = isRemoval
      ? null
      : element(
          "pre",
          { class: "hunk-new" },
          ...lines.map((line) => element("span", { class: "diff-new" }, `${line}\n`)),
        );
    const words =
      this.hunk.problem ||
      (this.isStale ? gettext("You have changed these lines since they were read.") : "");
    return [
      code,
      words ? element("p", { class: "status warning wrap", role: "status" }, words) : null,
      element(
        "div",
        { class: "hunk-bar" },
        this.button(gettext("Accept"), () => this.act.accept(this.key), {
          primary: true,
          disabled: this.isBusy || this.isStale,
        }),
        this.button(gettext("Refuse"), () => this.act.refuse(this.key)),
        isRemoval
          ? null
          : this.button(
              gettext("Edit first"),
              () => {
                this.act.keepDraft(this.key, this.hunk.new);
                this.draw(root, view);
                root.querySelector("textarea").focus();
              },
              { disabled: this.isBusy || this.isStale },
            ),
        element("span", { class: "muted small" }, gettext("Proposed by the assistant")),
      ),
    ];
  }

  editPart(root, view, draft) {
    const box = element("textarea", {
      class: "hunk-text code",
      rows: Math.min(20, draft.split("\n").length + 1),
      spellcheck: "false",
      "aria-label": gettext("The lines as you want them"),
    });
    box.value = draft;
    box.addEventListener("input", () => this.act.keepDraft(this.key, box.value));
    const back = () => {
      this.act.keepDraft(this.key, undefined);
      this.draw(root, view);
      root.querySelector("button").focus();
    };
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") back();
    });
    const { problem } = this.hunk;
    return [
      box,
      problem ? element("p", { class: "status warning wrap", role: "status" }, problem) : null,
      element(
        "div",
        { class: "hunk-bar" },
        this.button(
          gettext("Accept with changes"),
          () => this.act.accept(this.key, this.act.draftOf(this.key)),
          { primary: true },
        ),
        this.button(gettext("Back"), back),
      ),
    ];
  }
}

/** act: {accept(key, text?), refuse(key), draftOf(key), keepDraft(key, text)}; a draft of undefined is none. */
export function createHunkWidget(act, mark, isStale) {
  return new HunkWidget(act, mark, isStale);
}
