// Keys that a phone's keyboard does not have.

const BYTES = {
  escape: "\x1b",
  tab: "\t",
  interrupt: "\x03",
};
const ARROWS = { up: "A", down: "B" };

function bytesOf(key, { modes }) {
  if (!ARROWS[key]) return BYTES[key];
  return `\x1b${modes.applicationCursorKeysMode ? "O" : "["}${ARROWS[key]}`;
}

/** root holds [data-key] buttons; current() gives the session that is shown. */
export function createTouchKeys(root, current) {
  if (!root) return;
  for (const button of root.querySelectorAll("[data-key]")) {
    // The keyboard of the phone stays where it is.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      const term = current()?.screen.term;
      term?.input(bytesOf(button.dataset.key, term));
    });
  }
}
