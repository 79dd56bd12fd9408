// Keyboard shortcuts of a page and the sheet that lists them.
import { element } from "./dom.js";

const IS_MAC = /mac|iphone|ipad/i.test(
  globalThis.navigator?.userAgentData?.platform ?? globalThis.navigator?.platform ?? "",
);

const SIGNS = {
  Mod: IS_MAC ? "⌘" : "Ctrl",
  Ctrl: "Ctrl",
  Alt: IS_MAC ? "⌥" : "Alt",
  Shift: IS_MAC ? "⇧" : "Shift",
  Enter: "⏎",
  PageUp: "Page Up",
  PageDown: "Page Down",
};

export function keyLabels(keys) {
  return keys.split("+").map((key) => SIGNS[key] ?? key.toUpperCase());
}

/** "Mod+Enter" and the like against an event; a bare character matches only without Ctrl, ⌘ and Alt. */
export function matches(keys, event, isMac = IS_MAC) {
  const parts = keys.split("+");
  const key = parts.pop();
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const other = isMac ? event.ctrlKey : event.metaKey;
  // A letter with Alt types a sign on a Mac, a digit another sign on a French keyboard: then the key itself counts.
  const codes = [key, `Digit${key}`, parts.includes("Alt") ? `Key${key.toUpperCase()}` : ""];
  const pressed = event.key === key || codes.includes(event.code);
  return (
    pressed && mod === parts.includes("Mod") && !other && event.altKey === parts.includes("Alt")
  );
}

const TYPING = "input, textarea, select, [contenteditable='true'], .cm-editor";

function isFree(target) {
  return !target.closest?.(TYPING) && !document.querySelector("dialog[open]");
}

/** Alt and a letter move by words in a shell. */
function isShells(keys, target) {
  return keys.startsWith("Alt+") && Boolean(target.closest?.(".xterm"));
}

/** entries: {keys, label, run?, bare?}; without run it is only listed. bare ones never fire while typing. */
export function createShortcuts(entries, { bareEnabled = true } = {}) {
  function onKey(event) {
    if (event.defaultPrevented || event.isComposing) return;
    for (const { keys, run, bare } of entries) {
      if (!run || !matches(keys, event)) continue;
      if (bare && !(bareEnabled && isFree(event.target))) continue;
      if (isShells(keys, event.target)) continue;
      event.preventDefault();
      event.stopPropagation();
      run();
      return;
    }
  }

  // Captured, so that the editor does not take Ctrl+Enter for a new line first.
  document.addEventListener("keydown", onKey, true);

  return {
    /** Fills the list of the sheet, and the keys named on buttons: <kbd data-keys="Mod+Enter">. */
    drawSheet(list) {
      for (const hint of document.querySelectorAll("[data-keys]")) {
        hint.textContent = keyLabels(hint.dataset.keys).join(" ");
      }
      const rows = entries.flatMap(({ keys, label }) => [
        element("dt", {}, ...keyLabels(keys).map((key) => element("kbd", {}, key))),
        element("dd", {}, label),
      ]);
      list.replaceChildren(...rows);
    },
  };
}
