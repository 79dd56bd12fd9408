// Moving in a tree by keys, as the ARIA pattern has it.

function parentOf(rows, at) {
  for (let above = at - 1; above >= 0; above -= 1) {
    if (rows[above].level < rows[at].level) return above;
  }
  return at;
}

/** The next row, from the one behind on, whose name begins with the letters; at when there is none. */
function byLetters(rows, at, letters) {
  const wanted = letters.toLowerCase();
  const from = letters.length > 1 ? at : at + 1;
  for (let step = 0; step < rows.length; step += 1) {
    const next = (from + step) % rows.length;
    if (rows[next].name.toLowerCase().startsWith(wanted)) return next;
  }
  return at;
}

/**
 * What a key does at a row: {go} to another row, {toggle} a folder, {act} with a name, or null. letters are those typed
 * in a row, this key with them.
 */
export function readTreeKey(rows, at, { key, shiftKey = false, letters = "" }) {
  const row = rows[at];
  const last = rows.length - 1;
  const child = Math.min(last, at + 1);
  if (key === "F10" && !shiftKey) return null;
  const keys = {
    ArrowDown: () => ({ go: Math.min(last, at + 1) }),
    ArrowUp: () => ({ go: Math.max(0, at - 1) }),
    Home: () => ({ go: 0 }),
    End: () => ({ go: last }),
    ArrowRight: () => (row.isFolder ? (row.isOpen ? { go: child } : { toggle: true }) : null),
    ArrowLeft: () => (row.isFolder && row.isOpen ? { toggle: true } : { go: parentOf(rows, at) }),
    Enter: () => ({ act: "open" }),
    " ": () => ({ act: "open" }),
    F2: () => ({ act: "rename" }),
    Delete: () => ({ act: "remove" }),
    F10: () => ({ act: "menu" }),
    ContextMenu: () => ({ act: "menu" }),
  };
  if (keys[key]) return keys[key]();
  return letters ? { go: byLetters(rows, at, letters) } : null;
}

/** Collects letters typed one after the other: press(event) gives those so far, "" for other keys. */
export function createLetters(now = Date.now) {
  let letters = "";
  let at = 0;
  return function press({ key, ctrlKey, altKey, metaKey }) {
    if (key.length !== 1 || key === " " || ctrlKey || altKey || metaKey) return "";
    const isNext = now() - at < 700;
    at = now();
    letters = isNext ? letters + key : key;
    return letters;
  };
}
