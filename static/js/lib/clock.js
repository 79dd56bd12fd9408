// The interview's clock: the server owns it, this only counts between its messages.
import { createEmitter } from "./events.js";
import { gettext, interpolate, ngettext } from "./i18n.js";

const LOW_MS = 5 * 60_000;
const LAST_MS = 60_000;
const ANNOUNCED_MINUTES = [30, 10, 5, 1];

export function formatRemaining(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const padded = (value) => String(value).padStart(2, "0");
  const rest = padded(seconds % 60);
  return hours > 0 ? `${hours}:${padded(minutes)}:${rest}` : `${padded(minutes)}:${rest}`;
}

/** "1 h 5 min", "3 min 20 s", "40 s". */
export function formatLength(ms) {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [gettext("%(n)s h"), Math.floor(seconds / 3600)],
    [gettext("%(n)s min"), Math.floor((seconds % 3600) / 60)],
    [gettext("%(n)s s"), seconds % 60],
  ].filter(([, n], index) => n > 0 || (index === 2 && seconds === 0));
  return parts.map(([text, n]) => interpolate(text, { n })).join(" ");
}

/** Sentences for the time that was given beyond what was agreed. */
export function timeGiven(entries) {
  const words = {
    extension: gettext("%(time)s were added to your time: %(reason)s."),
    credit: gettext("%(time)s were given back to you: %(reason)s."),
  };
  return entries
    .filter(({ kind, ms }) => kind in words && ms > 0)
    .map(({ kind, ms, reason }) => interpolate(words[kind], { time: formatLength(ms), reason }));
}

/**
 * Counts with a monotonic clock from the last word of the server. Events: "tick" ({ms, level}), "announce" (text),
 * "given" (texts), "ledger" ({entries, lasting, endsAt}), "over" when nothing is left, "resumed" when there is again.
 */
export function createClock({ now = () => performance.now(), every = 250 } = {}) {
  const emitter = createEmitter();
  let remaining = null;
  let setAt = 0;
  let interviewAt = null;
  let announced = new Set();
  let told = null;
  let isOver = false;

  const left = () => (remaining === null ? null : Math.max(0, remaining - (now() - setAt)));

  function level(ms) {
    if (ms === null || ms > LOW_MS) return "calm";
    return ms > LAST_MS ? "low" : "last";
  }

  function announce(ms) {
    if (ms === null) return;
    const minutes = Math.ceil(ms / 60_000);
    if (!ANNOUNCED_MINUTES.includes(minutes) || announced.has(minutes)) return;
    announced.add(minutes);
    if (ms < minutes * 60_000 - 2_000) return;
    const text = ngettext("%(n)s minute left", "%(n)s minutes left", minutes);
    emitter.emit("announce", interpolate(text, { n: minutes }));
  }

  function tick() {
    const ms = left();
    emitter.emit("tick", { ms, level: level(ms) });
    announce(ms);
    if (isOver === (ms === 0)) return;
    isOver = ms === 0;
    emitter.emit(isOver ? "over" : "resumed");
  }

  const timer = setInterval(tick, every);

  return {
    on: emitter.on,
    /** From hello or a clock frame: what remains, and where on the interview's own time line we are. */
    set({ remaining_ms = null, ends_at, server_time, started_at, entries = [], lasting = [] }) {
      if (remaining_ms !== null && left() !== null && remaining_ms > left() + 30_000)
        announced = new Set();
      remaining = remaining_ms;
      setAt = now();
      if (started_at) interviewAt = Date.parse(server_time) - Date.parse(started_at) - setAt;
      // Every clock frame carries the whole ledger; only lines that are new are told.
      const given = timeGiven(entries);
      const fresh = given.slice(told ?? given.length);
      told = given.length;
      if (fresh.length > 0) emitter.emit("given", fresh);
      emitter.emit("ledger", { entries, lasting, endsAt: ends_at });
      tick();
    },
    left,
    /** Milliseconds since the interview began, by the server's clock; null before the first word of it. */
    interviewMs: () => (interviewAt === null ? null : interviewAt + now()),
    stop: () => clearInterval(timer),
  };
}
