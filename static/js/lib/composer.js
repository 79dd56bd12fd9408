// The box a question is written in: grows, keeps its words, refuses what is too long without losing it.
import { measureMessage } from "./conversation.js";
import { setText } from "./dom.js";
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

/** root holds textarea, [data-composer=send|stop|problem|files]. onSend(text) settles once the server answered; onStop(). */
export function createComposer({ root, draftKey, onSend, onStop }) {
  const box = root.querySelector("textarea");
  const part = (name) => root.querySelector(`[data-composer="${name}"]`);
  const [send, stop, problem, files] = ["send", "stop", "problem", "files"].map(part);
  let limits = { message_chars: 10_000, pasted_code_chars: 50_000 };
  let live = false;
  let full = false;
  let available = true;
  let sent = "";

  const above = (text) => (text && box.value ? `${text}\n\n${box.value}` : text || box.value);

  /** A question on its way is kept too: a reload before the server has it gives it back. */
  function remember() {
    const words = above(sent);
    try {
      if (words) sessionStorage.setItem(draftKey, words);
      else sessionStorage.removeItem(draftKey);
    } catch {
      // Storage is off: the words are in the box all the same.
    }
  }

  function draw() {
    const tooLong = lengthProblem(box.value, limits);
    if (tooLong) setText(problem, tooLong);
    else if (problem.dataset.kind === "length") setText(problem, "");
    problem.dataset.kind = tooLong ? "length" : "";
    box.setAttribute("aria-invalid", String(Boolean(tooLong)));
    send.disabled = !available || !box.value.trim() || Boolean(tooLong);
    send.hidden = full;
    stop.hidden = !live;
  }

  function setValue(text) {
    box.value = text;
    remember();
    draw();
  }

  async function submit() {
    const text = box.value.trim();
    if (full || send.disabled || !text) return;
    setText(problem, "");
    sent = text;
    setValue("");
    await onSend(text);
    sent = "";
    remember();
  }

  try {
    box.value = sessionStorage.getItem(draftKey) ?? "";
  } catch {
    box.value = "";
  }
  box.addEventListener("input", () => {
    remember();
    draw();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  stop.addEventListener("click", onStop);
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
    /** The words come back with the reason; what was typed meanwhile stays below them. */
    giveBack(text, reason) {
      setValue(above(text));
      problem.dataset.kind = "refused";
      setText(problem, reason);
    },
  };
}
