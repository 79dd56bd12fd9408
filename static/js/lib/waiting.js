// What an answer is doing while nothing of it arrives, with the seconds it has been at it.
import { element, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const TELL_AFTER_S = 3;

/** What a turn waits for, in words; nothing where it does not. */
export function waitingText(entry, now) {
  if (entry.state === "asking") return gettext("Sending…");
  if (entry.state === "waiting") return gettext("Waits for the answer before…");
  if (entry.state === "queued") return gettext("Waiting for a free place…");
  if (entry.state !== "thinking") return "";
  const seconds = Math.floor((now - (entry.since ?? now)) / 1000);
  if (seconds < TELL_AFTER_S) return gettext("Thinking…");
  return interpolate(gettext("Thinking… %(n)s s"), { n: seconds });
}

export function createWaiting() {
  const root = element("span", { class: "status busy" });
  let shown = null;
  let timer = null;

  function draw() {
    const text = shown ? waitingText(shown, performance.now()) : "";
    setText(root, text);
    root.hidden = !text;
  }

  function tick() {
    timer = null;
    draw();
    if (shown?.state === "thinking" && root.isConnected) timer = setTimeout(tick, 1000);
  }

  return {
    root,
    update(entry) {
      shown = entry;
      draw();
      if (timer === null && entry.state === "thinking") timer = setTimeout(tick, 1000);
    },
  };
}
