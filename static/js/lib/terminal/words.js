// What is said in the terminal itself, between what programs print.
import { gettext, interpolate } from "../i18n.js";

// Out of a sequence that was cut, out of a full-screen program, and back to a keyboard and a pen that know nothing.
const PLAIN =
  "\x18\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[!p\x1b[0m";
const CUT = "\x18\x1b[0m";
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;
const MOST_CHARS = 600;

const line = (text) => `\r\n\x1b[90m${text.replace(UNSEEN, " ").slice(0, MOST_CHARS)}\x1b[0m\r\n`;

/** The shell is gone: what it left set is undone, and the words stand below. */
export const afterEnd = (text) => PLAIN + line(text);

/** Something between is missing; what goes on may be in the middle of anything. */
export function afterGap({ from, to }) {
  const size = Math.max(1, Math.round((to - from) / 1024));
  const words = gettext("%(size)s KB of output are left out here: more came than could be shown.");
  return CUT + line(interpolate(words, { size }));
}

export function endText({ message, code }) {
  if (message) return message;
  if (!code) return gettext("The shell has ended.");
  return interpolate(gettext("The shell has ended with code %(code)s."), { code });
}

export function lostText({ message }) {
  return (
    message ||
    gettext("The terminal was lost on our side, and what ran in it. Your files are stored.")
  );
}

export function refusedText() {
  return gettext("Part of what was typed or pasted was not taken: the program does not read it.");
}

export function otherText() {
  return gettext("The terminal was started again. What ran in it before is gone.");
}
