// The player's keys, and the sheet that lists them.
import { gettext } from "../i18n.js";
import { createShortcuts } from "../shortcuts.js";

const TYPING = "input:not([type='range']), textarea, select, [contenteditable='true']";
// What has a use of its own for the space bar and the arrows.
const OWN = "button, a, summary, select, input, [role='tab'], [role='slider']";
const SHARED = new Set([" ", "Enter", "ArrowLeft", "ArrowRight"]);

/** What a key does: a function, or null for a key that is not the player's. */
export function actOf(event, { stage, bar, help }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[0-9]$/.test(event.key)) {
    return () => stage.seek((stage.length * Number(event.key)) / 10);
  }
  const acts = {
    " ": stage.toggle,
    k: stage.toggle,
    j: () => stage.jump(-10_000),
    l: () => stage.jump(10_000),
    ArrowLeft: () => stage.jump(-5000),
    ArrowRight: () => stage.jump(5000),
    ",": () => stage.step(-1),
    ".": () => stage.step(1),
    "<": () => bar.faster(-1),
    ">": () => bar.faster(1),
    m: bar.mute,
    c: bar.captions,
    f: bar.fullScreen,
    "?": help,
  };
  return acts[event.key] ?? null;
}

function listed() {
  return [
    { keys: "Space", label: gettext("Play or pause") },
    { keys: "K", label: gettext("Play or pause") },
    { keys: "J", label: gettext("Back 10 seconds") },
    { keys: "L", label: gettext("On 10 seconds") },
    { keys: "←", label: gettext("Back 5 seconds") },
    { keys: "→", label: gettext("On 5 seconds") },
    { keys: ",", label: gettext("Back one frame") },
    { keys: ".", label: gettext("On one frame") },
    { keys: "0", label: gettext("To the beginning; 1 to 9: to that many tenths") },
    { keys: "<", label: gettext("Slower") },
    { keys: ">", label: gettext("Faster") },
    { keys: "M", label: gettext("Sound on or off") },
    { keys: "C", label: gettext("Captions on or off") },
    { keys: "F", label: gettext("Full screen") },
    { keys: "?", label: gettext("This sheet") },
  ];
}

export function mountKeys({ stage, bar, dialog }) {
  createShortcuts(listed()).drawSheet(dialog.querySelector("[data-shortcut-list]"));
  const help = () => dialog.showModal();
  for (const button of document.querySelectorAll("[data-open-keys]")) {
    button.addEventListener("click", help);
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open]") || event.target.closest(TYPING)) return;
    if (SHARED.has(event.key) && event.target.closest(OWN)) return;
    const act = actOf(event, { stage, bar, help });
    if (!act) return;
    event.preventDefault();
    act();
  });
}
