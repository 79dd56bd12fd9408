// Addresses in a terminal's output: found, marked when pointed at, and never opened without a person having read them.

const ADDRESS = /https?:\/\/[^\s"'<>`{}|\\^\p{Cc}\p{Cf}]+/giu;
// What closes a sentence or a bracket around an address is no part of it.
const TAIL = /[.,;:!?)\]]+$/;
const MOST_CHARS = 2_048;
const MOST_ROWS = 8;

/** The web address that may be opened, written as the browser reads it; null for anything else. */
export function readAddress(text) {
  if (text.length > MOST_CHARS || !URL.canParse(text)) return null;
  const url = new URL(text);
  return ["http:", "https:"].includes(url.protocol) ? url : null;
}

/** [{text, start, end}] of the addresses in a text. */
export function findAddresses(text) {
  return [...text.matchAll(ADDRESS)]
    .map(({ 0: found, index }) => ({ text: found.replace(TAIL, ""), start: index }))
    .filter((one) => readAddress(one.text))
    .map((one) => ({ ...one, end: one.start + one.text.length }));
}

/** The line that row is part of, with the place of each of its characters. */
function readLine(buffer, row) {
  let first = row;
  while (first > 0 && row - first < MOST_ROWS && buffer.getLine(first)?.isWrapped) first -= 1;
  let text = "";
  const places = [];
  for (let y = first; y < first + 2 * MOST_ROWS; y += 1) {
    const line = buffer.getLine(y);
    if (!line || (y > first && !line.isWrapped)) break;
    for (let x = 0; x < line.length; x += 1) {
      const chars = line.getCell(x).getChars() || (line.getCell(x).getWidth() ? " " : "");
      for (let at = 0; at < chars.length; at += 1) places.push({ x: x + 1, y: y + 1 });
      text += chars;
    }
  }
  return { text, places };
}

/** ask(url) is what a click on an address does, be it found or marked by the program. */
export function watchLinks(term, ask) {
  const activate = (_event, text) => {
    const url = readAddress(text);
    if (url) ask(url);
  };
  term.options.linkHandler = { activate, allowNonHttpProtocols: false };
  term.registerLinkProvider({
    provideLinks(y, give) {
      const { text, places } = readLine(term.buffer.active, y - 1);
      const links = findAddresses(text).map((one) => ({
        text: one.text,
        range: { start: places[one.start], end: places[one.end - 1] },
        activate,
      }));
      const here = links.filter(({ range }) => range.start.y <= y && y <= range.end.y);
      give(here.length > 0 ? here : undefined);
    },
  });
}
