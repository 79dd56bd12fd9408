// Which files go along with a question, in words.
import { gettext, interpolate, ngettext } from "./i18n.js";

/** paths: the active file first. */
export function filesText(paths) {
  if (paths.length === 0) return gettext("It sees no file: none is open.");
  const name = paths[0].split("/").at(-1);
  if (paths.length === 1) return interpolate(gettext("It sees %(name)s"), { name });
  const text = ngettext(
    "It sees %(name)s and %(n)s more file",
    "It sees %(name)s and %(n)s more files",
    paths.length - 1,
  );
  return interpolate(text, { name, n: paths.length - 1 });
}
