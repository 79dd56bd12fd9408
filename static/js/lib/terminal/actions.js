// What the menu of a terminal and its keys do: copy, paste, clear, read aloud.
import { gettext } from "../i18n.js";

const READER_KEY = "interviewlm:terminal:reader";

/** Whether the person has screen-reader mode on, in this browser. */
export function createReaderMode() {
  let isOn = false;
  try {
    isOn = localStorage.getItem(READER_KEY) === "on";
  } catch {
    isOn = false;
  }
  return {
    get isOn() {
      return isOn;
    },
    toggle() {
      isOn = !isOn;
      try {
        localStorage.setItem(READER_KEY, isOn ? "on" : "off");
      } catch {
        // Then it is off again after a reload.
      }
      return isOn;
    },
  };
}

/** current() gives the session that is shown, or none; tell(words) says what could not be done. */
export function createActions({ current, tell, reader, sessions, isMember }) {
  async function copy() {
    const { term } = current().screen;
    const text = term.getSelection();
    if (!text) return;
    try {
      await navigator.clipboard.writeText(text);
      const told = new CustomEvent("room:copied", { bubbles: true, detail: text });
      term.element.dispatchEvent(told);
    } catch {
      tell(gettext("The browser does not let this page copy. Use its own menu."));
    }
  }

  async function paste() {
    const { screen } = current();
    try {
      screen.paste(await navigator.clipboard.readText());
      screen.term.focus();
    } catch {
      tell(gettext("The browser keeps its clipboard to itself. Press Ctrl+Shift+V, or ⌘V."));
    }
  }

  function toggleReader() {
    const isOn = reader.toggle();
    for (const { screen } of sessions()) screen.term.options.screenReaderMode = isOn;
  }

  function items() {
    const session = current();
    const { term } = session.screen;
    const { isDriver, phase } = session.facts;
    const mayType = isDriver && phase === "live";
    const readerLabel = reader.isOn
      ? gettext("Turn screen-reader mode off")
      : gettext("Turn screen-reader mode on");
    return [
      { label: gettext("Copy"), disabled: !term.hasSelection(), choose: copy },
      ...(isMember ? [] : [{ label: gettext("Paste"), disabled: !mayType, choose: paste }]),
      { label: gettext("Select all"), choose: () => term.selectAll() },
      { label: gettext("Clear what scrolled by"), choose: () => term.clear() },
      { label: readerLabel, choose: toggleReader },
    ];
  }

  return { copy, items };
}
