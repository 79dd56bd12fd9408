// Keys the terminal leaves to the page: copy and paste, and the way out for who moves with Tab.

const isChord = (event, key, { shift = false } = {}) =>
  event.ctrlKey &&
  event.shiftKey === shift &&
  !event.altKey &&
  !event.metaKey &&
  event.key.toLowerCase() === key;

/**
 * actions: {copy(), toggleTab()}; state() gives {isReading, tabLeaves}. Ctrl+M sends what Enter sends, so nothing is
 * taken from the shell by it. Ctrl+Shift+V is left to the browser, which pastes.
 */
export function handleKeys(term, { actions, state }) {
  term.attachCustomKeyEventHandler((event) => {
    const act = (action) => {
      event.preventDefault();
      if (event.type === "keydown") action();
      return false;
    };
    if (isChord(event, "c", { shift: true })) return act(actions.copy);
    if (isChord(event, "v", { shift: true })) return false;
    const { isReading, tabLeaves } = state();
    if (isReading) {
      const pages = { PageUp: -1, PageDown: 1 }[event.key];
      return pages ? act(() => term.scrollPages(pages)) : false;
    }
    if (isChord(event, "m")) return act(actions.toggleTab);
    return !(event.key === "Tab" && tabLeaves);
  });
}
