// Sizes and kinds of files in words.
import { gettext, interpolate, ngettext } from "./i18n.js";

const UNITS = ["KB", "MB", "GB"];

/** 12 bytes, 12 KB, 1.2 MB. */
export function sizeWords(bytes) {
  if (bytes < 1000) {
    return interpolate(ngettext("%(count)s byte", "%(count)s bytes", bytes), { count: bytes });
  }
  let size = bytes / 1000;
  let at = 0;
  while (size >= 999.5 && at < UNITS.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${size < 9.95 ? Math.round(size * 10) / 10 : Math.round(size)} ${UNITS[at]}`;
}

export function kindWords(kind) {
  const words = {
    binary: gettext("Binary file"),
    large: gettext("Larger than 1 MB"),
    link: gettext("Link"),
    special: gettext("Special file"),
    untracked: gettext("Not editable"),
  };
  return words[kind] ?? kind;
}

/** What a row of the tree says behind the name of a file that is no document. */
export function fileWords({ kind, size }) {
  if (kind === "link" || kind === "special") return kindWords(kind);
  // Its size says why it is not edited.
  if (kind === "large") return sizeWords(size);
  return `${kindWords(kind)}, ${sizeWords(size)}`;
}

/** Whether the name is one of a picture that a browser draws. */
export function isPicture(path) {
  return /\.(png|jpe?g|gif|webp)$/i.test(path);
}
