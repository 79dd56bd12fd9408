// One turn on screen: the question, the answer as it grows, and what became of it.
import { createAnswerView } from "./answerview.js";
import { createCodeBlock } from "./codeblock.js";
import { isLive } from "./conversation.js";
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { linkPlaces } from "./places.js";
import { createRating } from "./rating.js";
import { createQuestion } from "./turnquestion.js";
import { createWaiting } from "./waiting.js";

const number = new Intl.NumberFormat();

function endText(entry, stopped) {
  if (entry.state === "stopped") return stopped;
  if (entry.state === "interrupted")
    return gettext("This answer was cut off. What had arrived is kept; ask again to go on.");
  if (entry.state === "failed")
    return entry.error?.message || gettext("This answer failed. Ask again.");
  if (entry.stopReason === "max_tokens")
    return gettext("The answer reached its longest length. Ask to go on.");
  if (entry.stopReason === "step_limit")
    return gettext("It has worked as many steps as it may at once. Ask to go on.");
  if (entry.stopReason === "request_limit")
    return gettext("Too much is asked at the moment, so it stopped here. Ask to go on.");
  if (entry.stopReason === "interview_limit")
    return gettext("The assistant has done as much as it may in this interview.");
  if (entry.stopReason === "tool_loop")
    return gettext("It went in circles and was stopped. Say what it should try instead.");
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
 * applyFor(entry, index) gives the apply of a code block or null, run runs one (see createCodeBlock); findPath(name) gives
 * the file a name stands for, or null; retry(entry) asks the same again, edit(entry) edits the question, takeBack(entry)
 * withdraws one that waits, rate(entry, rating) rates an answer: each null where nobody does. stopped says who stopped an
 * answer. cards is for what else belongs to the turn.
 */
export function createTurnView({
  applyFor,
  run = null,
  findPath = () => null,
  retry = null,
  edit = null,
  takeBack = null,
  rate = null,
  stopped = gettext("Stopped by you."),
}) {
  const question = createQuestion({ edit });
  const answer = element("div", { class: "turn-answer" });
  const cards = element("div", { class: "turn-cards" });
  const waiting = createWaiting();
  const notes = element("span", { class: "turn-notes" });
  const foot = element("div", { class: "turn-foot small" }, waiting.root, notes);
  const rating = rate && createRating(rate);
  if (rating) foot.append(rating.root);
  const root = element("article", { class: "turn" }, question.root, answer, cards, foot);
  let shown = null;
  let shownFoot = null;
  const view = createAnswerView(answer, {
    makeCode: (block, index) => createCodeBlock(block, { apply: applyFor(shown, index), run }),
    decorate: (fragment) => linkPlaces(fragment, findPath),
  });

  function drawFoot(entry) {
    const ended = endText(entry, stopped);
    const cost = costText(entry);
    const fallback = fallbackText(entry);
    waiting.update(entry);
    if (rating) {
      rating.root.hidden = isLive(entry) || !entry.message || !entry.answer;
      rating.update(entry);
    }
    const key = `${entry.state} ${ended} ${entry.simulated} ${cost} ${fallback}`;
    if (key === shownFoot) return;
    shownFoot = key;
    const isFailed = entry.state === "failed";
    const parts = [];
    if (takeBack && entry.state === "waiting") parts.push(takeBackButton(entry, takeBack));
    if (ended)
      parts.push(element("span", { class: isFailed ? "status danger wrap" : "muted" }, ended));
    const isAgain = isFailed || entry.state === "interrupted";
    if (retry && isAgain && entry.question && entry.error?.retryable !== false)
      parts.push(retryButton(entry, retry));
    if (entry.simulated && !isLive(entry))
      parts.push(element("span", {}, gettext("Simulated answer")));
    if (fallback) parts.push(element("span", {}, fallback));
    if (cost) parts.push(element("span", { class: "turn-cost" }, cost));
    notes.replaceChildren(...parts);
  }

  return {
    root,
    cards,
    update(entry) {
      shown = entry;
      root.classList.toggle("fresh", Boolean(entry.fresh));
      question.update(entry);
      answer.setAttribute("aria-busy", String(isLive(entry)));
      view.update(entry.answer, entry.tools, isLive(entry));
      drawFoot(entry);
    },
  };
}
