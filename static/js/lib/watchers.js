// The candidate's line that says who watches: no member looks on unseen.
import { setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { createPresence } from "./presence.js";

// A page that is loaded anew is gone for a moment.
const GONE_AFTER_MS = 4_000;

/** One name for each person, however many windows they have. */
export function namesOf(watchers) {
  const people = new Map(watchers.map(({ person, name }) => [person, name]));
  return [...people.values()];
}

export function watchingText(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return interpolate(gettext("%(name)s is watching"), { name: names[0] });
  if (names.length === 2) {
    const [one, other] = names;
    return interpolate(gettext("%(one)s and %(other)s are watching"), { one, other });
  }
  const text = ngettext("%(n)s person is watching", "%(n)s people are watching", names.length);
  return interpolate(text, { n: names.length });
}

function explain(watchers) {
  const names = namesOf(watchers).join(", ");
  const typists = namesOf(watchers.filter(({ may_type }) => may_type)).join(", ");
  const seen = interpolate(gettext("They see your files and runs as you work: %(names)s."), {
    names,
  });
  if (!typists) return seen;
  return `${seen} ${interpolate(gettext("May type in your files: %(names)s."), { names: typists })}`;
}

/**
 * The candidate's side of being watched; returns the presence, whose extensions go into the editors. root holds
 * [data-watchers] with [data-watchers-text], and the live region [data-watchers-announce].
 */
export function showWatchers({ root, socket, documents, editor }) {
  const presence = createPresence({ socket });
  const line = root.querySelector("[data-watchers]");
  const words = line.querySelector("[data-watchers-text]");
  const announce = root.querySelector("[data-watchers-announce]");
  let said = [];
  let timer = null;

  function say(watchers) {
    const names = namesOf(watchers);
    const isNews = names.length < said.length || names.some((name) => !said.includes(name));
    said = names;
    setText(words, watchingText(names));
    line.title = names.length > 0 ? explain(watchers) : "";
    line.hidden = names.length === 0;
    if (isNews) setText(announce, watchingText(names) || gettext("Nobody is watching any more."));
  }

  presence.on("watchers", (watchers) => {
    clearTimeout(timer);
    const names = namesOf(watchers);
    const isFewer = said.some((name) => !names.includes(name));
    if (isFewer) timer = setTimeout(() => say(watchers), GONE_AFTER_MS);
    else say(watchers);
  });
  presence.watch(documents, editor);

  return presence;
}
