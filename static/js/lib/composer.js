// The box a question is written in: grows, keeps its words, refuses what is too long without losing it.
import { createComposerImages } from "./composerimages.js";
import { measureMessage } from "./conversation.js";
import { setText } from "./dom.js";
import { createDraft } from "./draft.js";
import { gettext, interpolate } from "./i18n.js";

const number = new Intl.NumberFormat();

export function lengthProblem(text, limits) {
  const { prose, code } = measureMessage(text);
  if (prose > limits.message_chars) {
    return interpolate(
      gettext(
        "Your message has %(n)s characters; %(most)s are the most. Shorten it, or put code between ``` lines.",
      ),
      { n: number.format(prose), most: number.format(limits.message_chars) },
    );
  }
  if (code > limits.pasted_code_chars) {
    return interpolate(
      gettext("The code in your message has %(n)s characters; %(most)s are the most."),
      {
        n: number.format(code),
        most: number.format(limits.pasted_code_chars),
      },
    );
  }
  return "";
}

/**
 * root holds textarea, [data-composer=send|stop|problem|files|editing|cancel] and what pictures need. onSend(text,
 * {images, replaces}) settles once the server answered, replaces being the turn of an edited question; onStop().
 */
export function createComposer({ root, draftKey, csrf = "", onSend, onStop }) {
  const box = root.querySelector("textarea");
  const part = (name) => root.querySelector(`[data-composer="${name}"]`);
  const [send, stop, problem, files] = ["send", "stop", "problem", "files"].map(part);
  const [editing, cancel] = ["editing", "cancel"].map(part);
  const draft = createDraft(draftKey);
  let limits = { message_chars: 10_000, pasted_code_chars: 50_000 };
  let live = false;
  let full = false;
  let available = true;
  // {turn, kept, images}: the question being edited, and what stood in the box.
  let edited = null;
  const images = createComposerImages({ root, csrf, say: (text) => refuse(text), onChange: draw });

  function refuse(text) {
    problem.dataset.kind = "refused";
    setText(problem, text);
  }

  function draw() {
    const tooLong = lengthProblem(box.value, limits);
    if (tooLong) setText(problem, tooLong);
    else if (problem.dataset.kind === "length") setText(problem, "");
    problem.dataset.kind = tooLong ? "length" : "";
    box.setAttribute("aria-invalid", String(Boolean(tooLong)));
    const isEmpty = !box.value.trim() || images.isBusy;
    send.disabled = !available || isEmpty || Boolean(tooLong);
    // An edited question takes the place of the one that waits or is answered.
    send.hidden = full && !edited;
    stop.hidden = !live;
    editing.hidden = !edited;
  }

  function setValue(text) {
    box.value = text;
    draft.keep(edited ? edited.kept : text);
    draw();
  }

  function endEditing() {
    if (!edited) return;
    restore(edited);
  }

  /** What stood in the box before a question was edited. */
  function restore({ kept, images: before }) {
    edited = null;
    images.takeOut();
    images.giveBack(before);
    setValue(kept);
  }

  async function submit() {
    const text = box.value.trim();
    if (send.hidden || send.disabled || !text) return;
    setText(problem, "");
    const extras = { images: images.takeOut(), replaces: edited?.turn ?? null };
    draft.send(text);
    restore(edited ?? { kept: "", images: [] });
    await onSend(text, extras);
    draft.sent(box.value);
  }

  box.value = draft.read();
  box.addEventListener("input", () => {
    draft.keep(edited ? edited.kept : box.value);
    draw();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && edited) {
      event.preventDefault();
      endEditing();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  stop.addEventListener("click", onStop);
  cancel.addEventListener("click", () => {
    endEditing();
    box.focus();
  });
  draw();

  return {
    focus: () => box.focus(),
    /** While an answer is written, one more question may be sent; then there is no place. */
    setLive(value, isFull) {
      live = value;
      full = isFull;
      draw();
    },
    setLimits(value) {
      limits = { ...limits, ...value };
      draw();
    },
    setAvailable(value) {
      available = value;
      box.disabled = !value;
      draw();
    },
    setFiles(text) {
      setText(files, text);
    },
    setImages: images.setIntake,
    /** The question of a turn is in the box to be changed; what stood there comes back afterwards. */
    edit({ turn, text, images: sent }) {
      const before = images.takeOut();
      edited = { turn, kept: edited?.kept ?? box.value, images: edited?.images ?? before };
      images.giveBack(sent);
      setValue(text);
      box.focus();
      box.setSelectionRange(text.length, text.length);
    },
    /** The words come back with the reason; what was typed meanwhile stays below them. */
    giveBack(text, reason, sent = []) {
      images.giveBack(sent);
      setValue(text && box.value ? `${text}\n\n${box.value}` : text || box.value);
      refuse(reason);
    },
  };
}
