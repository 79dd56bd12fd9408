// The end of a text that is still being written, shown as what it is about to be. No DOM here.

// A line of marks alone may become a list, a heading, a rule or a fence: it waits for its next character.
const UNDECIDED = /(?:^|\n)[ \t]*(?:[-=*_+#>~`|: \t]+|\d{1,9}[.)]?[ \t]*|(?:```|~~~)[^\n]*)$/;

/** The text without a last line that could still become anything. */
export function holdBack(text) {
  const found = UNDECIDED.exec(text);
  return found ? text.slice(0, found.index) : text;
}

function isInFence(text) {
  let fence = "";
  for (const line of text.split("\n")) {
    const [mark] = /^ {0,3}(?:`{3,}|~{3,})/.exec(line) ?? [];
    if (!mark) continue;
    const marks = mark.trim();
    if (!fence) fence = marks;
    else if (marks.startsWith(fence) && !line.trim().slice(marks.length)) fence = "";
  }
  return Boolean(fence);
}

/** Closes what the last paragraph leaves open: code, bold, struck words; a link whose address is on its way is its words. */
export function closeOpen(text) {
  if (isInFence(text)) return text;
  const start = Math.max(text.lastIndexOf("\n\n"), text.lastIndexOf("\n- "), -1) + 1;
  const head = text.slice(0, start);
  let tail = text.slice(start);
  if ((tail.match(/`/g) ?? []).length % 2 === 1) {
    return tail.endsWith("`") ? head + tail.slice(0, -1) : `${head}${tail}\``;
  }
  tail = tail.replace(/\[([^\][\n]*)(?:\]\([^)\s]*)?$/, "$1");
  const prose = tail.replace(/`[^`]*`/g, "");
  for (const mark of ["**", "~~"]) {
    if (prose.split(mark).length % 2 === 1) continue;
    if (tail.endsWith(mark)) tail = tail.slice(0, -2);
    else if (/\s$/.test(tail)) return head + tail.trimEnd() + mark;
    else tail += mark;
  }
  return head + tail;
}

/** What to show of a text that goes on. */
export function tidyTail(text) {
  return closeOpen(holdBack(text));
}
