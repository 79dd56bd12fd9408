// Counts down to a moment of the server's clock; the reader's own clock may be wrong.
import { setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "2 days 3 h", "3 h 5 min", "4 min 9 s": as much as one wants to know so far away. */
export function formatWait(ms) {
  const left = Math.max(0, Math.ceil(ms / SECOND) * SECOND);
  const parts = [
    [gettext("%(n)s d"), Math.floor(left / DAY)],
    [gettext("%(n)s h"), Math.floor((left % DAY) / HOUR)],
    [gettext("%(n)s min"), Math.floor((left % HOUR) / MINUTE)],
    [gettext("%(n)s s"), Math.floor((left % MINUTE) / SECOND)],
  ];
  const first = parts.findIndex(([, value]) => value > 0);
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.map(([text, n]) => interpolate(text, { n })).join(" ");
}

/** Shows [data-countdown] counting; done() is called once when it has passed. */
export function mountCountdown(root, done, { now = () => performance.now() } = {}) {
  const line = root.querySelector("[data-countdown]");
  if (!line) return;
  const text = line.querySelector("[data-countdown-text]");
  const wait = Date.parse(line.dataset.countdown) - Date.parse(line.dataset.now);
  const began = now();
  line.hidden = false;

  function tick() {
    const left = wait - (now() - began);
    setText(text, formatWait(left));
    if (left > 0) return;
    clearInterval(timer);
    done();
  }

  const timer = setInterval(tick, 250);
  tick();
}
