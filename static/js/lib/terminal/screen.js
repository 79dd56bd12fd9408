// One terminal on the screen: xterm.js in the design's look, its size, and what may come out of it.
import { gettext, interpolate } from "../i18n.js";
import { clampSize } from "./channel.js";
import { createBell, guardOutput } from "./guard.js";
import { watchLinks } from "./links.js";
import { readPalette } from "./palette.js";

const SCROLLBACK = 5_000;
const FONT_PX = 13;
const FONT_WITHIN_MS = 1_500;
const SETTLE_MS = 80;
const MOST_PASTED = 65_536;
// Bytes in a paste that are no text: a paste must not end its own bracket.
const NOT_TEXT = /[^\P{Cc}\t\n\r]/gu;

/** The emulator is large, so it is fetched when the first terminal is shown. */
export async function loadEmulator(nonce) {
  const emulator = await import("../../../vendor/xterm.js");
  emulator.setStyleNonce(nonce);
  emulator.Terminal.strings.promptLabel = gettext("Terminal input");
  emulator.Terminal.strings.tooMuchOutput = gettext("Too much to read out; go up line by line.");
  // Cells are measured once: with the font that is drawn.
  const font = document.fonts.load(`${FONT_PX}px "JetBrains Mono Variable"`).catch(() => {});
  await Promise.race([font, new Promise((done) => setTimeout(done, FONT_WITHIN_MS))]);
  return emulator;
}

/**
 * host is an empty element without padding. on: input(bytes), resized({rows, cols}), link(url), bell(), refused(words);
 * mayAnswer() as guardOutput has it. Gives the terminal and what is done with it.
 */
export function createScreen({ emulator, host, name, readerMode, on, mayAnswer }) {
  const style = getComputedStyle(host);
  const term = new emulator.Terminal({
    screenReaderMode: readerMode,
    scrollback: SCROLLBACK,
    fontFamily: style.fontFamily,
    fontSize: FONT_PX,
    lineHeight: 1.25,
    cursorStyle: "bar",
    cursorWidth: 2,
    minimumContrastRatio: 4.5,
    drawBoldTextInBrightColors: false,
    theme: readPalette(host),
    disableStdin: true,
    logLevel: "off",
    rightClickSelectsWord: false,
  });
  const fit = new emulator.FitAddon();
  const encoder = new TextEncoder();
  let isDriver = false;
  let settling = null;

  term.loadAddon(fit);
  guardOutput(term, () => isDriver && mayAnswer());
  watchLinks(term, on.link);
  term.onBell(createBell(on.bell));
  term.onData((text) => on.input(encoder.encode(text)));
  term.onBinary((text) => on.input(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  term.open(host);
  term.textarea.setAttribute(
    "aria-label",
    interpolate(gettext("Terminal %(name)s, input"), { name }),
  );
  term.textarea.setAttribute("aria-describedby", "terminal-hint");

  /** What fits, or what was: a terminal that is not shown has no size. */
  function measure() {
    const found = host.clientWidth > 0 && host.clientHeight > 0 ? fit.proposeDimensions() : null;
    return found && Number.isFinite(found.rows + found.cols) ? clampSize(found) : null;
  }

  function adapt() {
    const size = isDriver ? measure() : null;
    if (!size || (size.rows === term.rows && size.cols === term.cols)) return;
    term.resize(size.cols, size.rows);
    on.resized(size);
  }

  const watcher = new ResizeObserver(() => {
    clearTimeout(settling);
    settling = setTimeout(adapt, SETTLE_MS);
  });
  watcher.observe(host);

  function paste(text) {
    const clean = text.replace(NOT_TEXT, "");
    if (clean.length > MOST_PASTED) {
      on.refused(gettext("That is too much to paste here. Put it into a file instead."));
    } else if (isDriver && clean) term.paste(clean);
  }

  host.addEventListener(
    "paste",
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      paste(event.clipboardData?.getData("text/plain") ?? "");
    },
    true,
  );

  return {
    term,
    paste,
    size: () => measure() ?? { rows: term.rows, cols: term.cols },
    adapt,
    follow: ({ rows, cols }) => {
      const size = clampSize({ rows, cols });
      term.resize(size.cols, size.rows);
    },
    drive(value) {
      isDriver = value;
      host.toggleAttribute("data-reading", !value);
      term.options.disableStdin = !value;
      term.options.cursorInactiveStyle = value ? "outline" : "none";
      if (value) adapt();
    },
    redraw() {
      term.options.theme = readPalette(host);
    },
    dispose() {
      watcher.disconnect();
      clearTimeout(settling);
      term.dispose();
    },
  };
}
