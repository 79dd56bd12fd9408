// The terminal's colours, taken from the design's tokens, and again whenever the theme changes.
import { element } from "../dom.js";

const TOKENS = {
  foreground: "text",
  background: "surface",
  cursor: "accent",
  cursorAccent: "surface",
  selectionBackground: "code-selection",
  selectionInactiveBackground: "code-selection",
  scrollbarSliderBackground: "line",
  scrollbarSliderHoverBackground: "line-strong",
  scrollbarSliderActiveBackground: "line-strong",
  black: "terminal-black",
  red: "danger",
  green: "code-string",
  yellow: "warning",
  blue: "code-function",
  magenta: "code-keyword",
  cyan: "code-type",
  white: "terminal-white",
  brightBlack: "text-muted",
  brightRed: "danger",
  brightGreen: "code-string",
  brightYellow: "warning",
  brightBlue: "code-function",
  brightMagenta: "code-keyword",
  brightCyan: "code-type",
  brightWhite: "terminal-white",
};

/** The palette of xterm.js as the tokens stand now. */
export function readPalette(root) {
  const probe = element("span", { hidden: true });
  root.append(probe);
  const palette = {};
  for (const [name, token] of Object.entries(TOKENS)) {
    probe.style.setProperty("color", `var(--${token})`);
    palette[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return palette;
}

/** Calls draw() whenever light or dark is chosen, on the page or in the system. */
export function followTheme(draw) {
  const chosen = new MutationObserver(draw);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
