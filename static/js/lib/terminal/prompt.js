// Whether a shell waits for a command: what can be told from its screen.

// Other programs that read lines say ">>> ", "> " or "sqlite> ".
const PROMPT = /^[^>]*[$#](?: |$)/;
const MOST_ROWS = 20;

/** The line the cursor is in, from its first row. */
function cursorLine({ active }) {
  let row = active.baseY + active.cursorY;
  let text = active.getLine(row)?.translateToString(true) ?? "";
  for (let at = 0; at < MOST_ROWS && active.getLine(row)?.isWrapped; at += 1) {
    row -= 1;
    text = (active.getLine(row)?.translateToString(false) ?? "") + text;
  }
  return text;
}

/** Bash has pasted text marked as such while it reads a line, and not while a command runs. */
export function isAtPrompt({ modes, buffer }) {
  const reads = modes.bracketedPasteMode && buffer.active.type === "normal";
  return reads && PROMPT.test(cursorLine(buffer));
}
