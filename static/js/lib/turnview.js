// One turn on screen: the question, the answer as it grows, and what became of it.
import { createCodeBlock } from "./codeblock.js";
import { isLive } from "./conversation.js";
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { renderMarkdown } from "./markdown.js";
import { createRating } from "./rating.js";

const number = new Intl.NumberFormat();

function waitingText(entry) {
  if (entry.tool) return entry.tool;
  if (entry.state === "asking") return gettext("Sending…");
  if (entry.state === "waiting") return gettext("Waits for the answer before…");
  if (entry.state === "queued") return gettext("Waiting for a free place…");
  if (entry.state === "thinking") return gettext("Thinking…");
  return "";
}

function endText(entry, stopped) {
  if (entry.state === "stopped") return stopped;
  if (entry.state === "interrupted")
    return gettext("This answer was cut off. What had arrived is kept; ask again to go on.");
  if (entry.state === "failed")
    return entry.error?.message || gettext("This answer failed. Ask again.");
  if (entry.stopReason === "max_tokens")
    return gettext("The answer reached its longest length. Ask to go on.");
  if (entry.stopReason === "refusal") return gettext("The assistant declined to answer this.");
  return "";
}

function fallbackText({ model, fallbackFrom }) {
  if (!fallbackFrom) return "";
  const text = gettext("Answered by %(model)s, since %(chosen)s failed");
  return interpolate(text, { model, chosen: fallbackFrom });
}

function costText({ tokens, costUsd }) {
  if (tokens === undefined) return "";
  const n = number.format(tokens);
  if (costUsd === null) return interpolate(gettext("%(n)s tokens, cost unknown"), { n });
  const usd = Number(costUsd);
  // A little is not nothing.
  const cost = usd > 0 && usd < 0.0001 ? "<$0.0001" : `$${usd.toFixed(4)}`;
  return interpolate(gettext("%(n)s tokens, %(cost)s"), { n, cost });
}

/** A button that counts down until asking again makes sense. */
function retryButton(entry, retry) {
  const button = element("button", { type: "button", class: "button small" });
  const until = performance.now() + (entry.error?.retry_after ?? 0) * 1000;
  const draw = () => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    button.disabled = seconds > 0;
    button.textContent =
      seconds > 0
        ? interpolate(gettext("Try again in %(n)s s"), { n: seconds })
        : gettext("Try again");
    if (seconds > 0 && button.isConnected) setTimeout(draw, 1000);
  };
  button.addEventListener("click", () => retry(entry));
  requestAnimationFrame(draw);
  return button;
}

function takeBackButton(entry, takeBack) {
  const button = element("button", { type: "button", class: "button small" });
  button.textContent = gettext("Take back");
  button.addEventListener("click", () => {
    button.disabled = true;
    takeBack(entry);
  });
  return button;
}

/**
 * applyFor(entry, index) gives the apply of a code block or null; retry(entry) asks the same again, null where nobody
 * asks; takeBack(entry) withdraws a question that waits, rate(entry, rating) rates an answer, null likewise; stopped says
 * who stopped an answer.
 */
export function createTurnView({
  applyFor,
  retry = null,
  takeBack = null,
  rate = null,
  stopped = gettext("Stopped by you."),
}) {
  const question = element("p", { class: "turn-question" });
  const answer = element("div", { class: "turn-answer prose" });
  const notes = element("span", { class: "turn-notes" });
  const foot = element("div", { class: "turn-foot small" }, notes);
  const rating = rate && createRating(rate);
  if (rating) foot.append(rating.root);
  const root = element("article", { class: "turn" }, question, answer, foot);
  let shownFoot = null;

  function drawFoot(entry) {
    const ended = endText(entry, stopped);
    const waiting = waitingText(entry);
    const cost = costText(entry);
    const fallback = fallbackText(entry);
    if (rating) {
      rating.root.hidden = isLive(entry) || !entry.message || !entry.answer;
      rating.update(entry);
    }
    const key = `${entry.state} ${ended} ${waiting} ${entry.simulated} ${cost} ${fallback}`;
    if (key === shownFoot) return;
    shownFoot = key;
    const parts = [];
    if (waiting) parts.push(element("span", { class: "status busy" }, waiting));
    if (takeBack && entry.state === "waiting") parts.push(takeBackButton(entry, takeBack));
    if (ended)
      parts.push(
        element(
          "span",
          { class: entry.state === "failed" ? "status danger wrap" : "muted" },
          ended,
        ),
      );
    if (retry && entry.state === "failed" && entry.question && entry.error?.retryable !== false)
      parts.push(retryButton(entry, retry));
    if (entry.simulated && !isLive(entry))
      parts.push(element("span", {}, gettext("Simulated answer")));
    if (fallback) parts.push(element("span", {}, fallback));
    if (cost) parts.push(element("span", { class: "turn-cost" }, cost));
    notes.replaceChildren(...parts);
  }

  return {
    root,
    update(entry) {
      root.classList.toggle("fresh", Boolean(entry.fresh));
      question.textContent = entry.question ?? "";
      question.hidden = !entry.question;
      answer.setAttribute("aria-busy", String(isLive(entry)));
      renderMarkdown(answer, entry.answer, (block, index) =>
        createCodeBlock(block, applyFor(entry, index)),
      );
      drawFoot(entry);
    },
  };
}
