// Places in files that an answer names, as buttons that lead there: “src/app.py:12”.
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const NAME = "(?:[\\p{L}\\p{N}_.-]+/)*[\\p{L}\\p{N}_-][\\p{L}\\p{N}_.-]*\\.[A-Za-z]\\w{0,9}";
const IN_PROSE = new RegExp(
  `(?<![\\p{L}\\p{N}_/.:\\\\@-])(${NAME}):(\\d{1,6})(?![\\p{L}\\p{N}_/])`,
  "gu",
);
const WHOLE = new RegExp(`^(${NAME})(?::(\\d{1,6})(?::\\d+)?)?$`, "u");

/** The places named in prose, in order: {index, text, name, line}. A name alone is none. */
export function findPlaces(text) {
  return [...text.matchAll(IN_PROSE)].map(({ 0: found, 1: name, 2: line, index }) => ({
    index,
    text: found,
    name,
    line: Number(line),
  }));
}

/** What a span of code names if it is nothing but a place: {name, line}; line is null for the file alone. */
export function readPlace(text) {
  const found = WHOLE.exec(text.trim());
  return found ? { name: found[1], line: found[2] ? Number(found[2]) : null } : null;
}

/** The one path of the workspace that a name stands for: itself, or in the folder that is open, or the only such end. */
export function resolvePath(name, paths, folder = "") {
  const plain = name.replace(/^(?:\.\/)+/, "");
  for (const path of [plain, `${folder}/${plain}`]) if (paths.includes(path)) return path;
  const ends = paths.filter((path) => path.endsWith(`/${plain}`));
  return ends.length === 1 ? ends[0] : null;
}

function makeButton(path, line, content) {
  const title = line
    ? interpolate(gettext("Open %(path)s at line %(line)s"), { path, line })
    : interpolate(gettext("Open %(path)s"), { path });
  const data = { "data-place": path, "data-line": line };
  return element("button", { type: "button", class: "place", title, ...data }, content);
}

function linkText(node, find) {
  let rest = node;
  let passed = 0;
  for (const { index, text, name, line } of findPlaces(node.data)) {
    const path = find(name);
    if (!path) continue;
    const place = rest.splitText(index - passed);
    rest = place.splitText(text.length);
    passed = index + text.length;
    place.replaceWith(makeButton(path, line, text));
  }
}

/** Makes buttons of the places in a fragment; find(name) -> the path it stands for, or null. */
export function linkPlaces(fragment, find) {
  for (const code of fragment.querySelectorAll("code:not(pre code, a code, button code)")) {
    const place = readPlace(code.textContent);
    const path = place && find(place.name);
    if (path) code.replaceWith(makeButton(path, place.line, code.cloneNode(true)));
  }
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts)
    if (!text.parentElement?.closest("a, code, pre, button")) linkText(text, find);
}

/** Follows the buttons below root: open(path, line or null). */
export function followPlaces(root, open) {
  root.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button.place");
    if (button) open(button.dataset.place, Number(button.dataset.line) || null);
  });
}

/** Looks again for places in the answers below root: there may be other files now. */
export function relinkPlaces(root, find) {
  for (const text of root.querySelectorAll(".turn-text > div")) linkPlaces(text, find);
}
