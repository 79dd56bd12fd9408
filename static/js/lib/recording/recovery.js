// What a page says while it sends what this browser still holds of an interview's recording.
import { gettext, interpolate } from "../i18n.js";
import { refusalHelp } from "./help.js";

/** {level, title, text, isDone} for a state: looking, nothing, waiting, uploading, safe, refused, no_store. */
export function describeRecovery(
  state,
  { leftSeconds = 0, refusal = null, isComplete = false } = {},
) {
  const left = (text) => interpolate(text, { seconds: leftSeconds });
  const words = {
    looking: ["", gettext("Looking for what this browser holds…"), ""],
    nothing: isComplete
      ? ["good", gettext("Everything is stored."), gettext("You can close this page.")]
      : [
          "warning",
          gettext("This browser holds nothing of this recording."),
          gettext(
            "Open this link in the browser you used for the interview, on the same computer. What is missing can only be sent from there.",
          ),
        ],
    waiting: [
      "warning",
      left(gettext("%(seconds)s seconds wait on this computer.")),
      gettext("The connection is away. Sending goes on by itself when it is back."),
    ],
    uploading: [
      "warning",
      left(gettext("%(seconds)s seconds are being sent.")),
      gettext("Keep this page open. It says when it is done."),
    ],
    safe: [
      "good",
      gettext("Your recording is stored."),
      gettext("Everything this browser held has arrived. You can close this page."),
    ],
    refused: [
      "danger",
      gettext("Part of your recording was not taken."),
      refusal ? refusalHelp(refusal) : "",
    ],
    no_store: [
      "danger",
      gettext("This browser does not let the page read what it kept."),
      gettext("Leave private browsing, or allow this page to store data, then try again."),
    ],
  };
  const [level, title, text] = words[state];
  return { level, title, text, isDone: ["nothing", "safe", "refused", "no_store"].includes(state) };
}

/**
 * Sends what `queue` holds and calls tell(state, {leftSeconds, share, refusal}) at each change; `share` of what was there
 * at first is 0 to 1. Resolves with the last state: nothing, safe or refused.
 */
export async function recover(queue, sendRest, tell) {
  let first = 0;
  let left = 0;
  let state = "uploading";
  const show = () => {
    const leftSeconds = Math.max(0, Math.ceil(left / 1000));
    tell(state, { leftSeconds, share: first > 0 ? 1 - left / first : 0 });
  };
  queue.on("state", (now) => {
    if (now === "idle") return;
    state = now === "offline" ? "waiting" : "uploading";
    show();
  });
  const ended = await sendRest(queue, ({ left_ms }) => {
    left = left_ms;
    first = Math.max(first, left);
    show();
  });
  if (!ended) return "nothing";
  tell(ended.refusal ? "refused" : "safe", { refusal: ended.refusal, share: 1 });
  return ended.refusal ? "refused" : "safe";
}
