// The candidate's terminals on the desk: drawn as they were at the player's time, and as text.
import { gettext, interpolate } from "../i18n.js";
import { guardOutput } from "../terminal/guard.js";
import { followTheme, readPalette } from "../terminal/palette.js";
import { loadEmulator } from "../terminal/screen.js";
import { formatClock } from "./playlist.js";
import { createFilm, joinOutput } from "./terminalfilm.js";

const SCROLLBACK = 5_000;
const TEXT_MS = 500;
// A sequence that was cut in the middle ends here, and so do its colours.
const CLEAN = "\x18\x1b[0m\r\n";

async function load(url, film, isWanted) {
  let after = 0;
  while (after !== null && isWanted()) {
    const answer = await fetch(`${url}?after=${after}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const { items, next } = await answer.json();
    film.add(items);
    after = next;
  }
}

/** What is on the screen and above it, without empty lines at the end. */
export function readText(buffer) {
  const lines = [];
  for (let at = 0; at < buffer.length; at += 1) {
    const line = buffer.getLine(at);
    const text = line?.translateToString(true) ?? "";
    if (line?.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines.join("\n").trimEnd();
}

function noteOf(item) {
  if (item.kind === "end") return item.words;
  return interpolate(gettext("%(count)s bytes are not kept"), { count: item.bytes });
}

/** Draws a plan's items in order; stops when it is not wanted any more. Gives whether all were drawn. */
async function draw(term, items, isWanted) {
  for (const item of joinOutput(items)) {
    if (!isWanted()) return false;
    if (item.kind === "start") term.reset();
    if (item.kind === "start" || item.kind === "size") {
      term.resize(Math.max(2, item.cols), Math.max(1, item.rows));
      continue;
    }
    const data = item.kind === "out" ? item.data : `${CLEAN}[${noteOf(item)}]\r\n`;
    await new Promise((done) => term.write(data, done));
  }
  return true;
}

function createEmulator({ Terminal }, host) {
  const term = new Terminal({
    disableStdin: true,
    scrollback: SCROLLBACK,
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: 13,
    minimumContrastRatio: 4.5,
    cursorInactiveStyle: "none",
    theme: readPalette(host),
    logLevel: "off",
    linkHandler: { activate() {}, allowNonHttpProtocols: false },
  });
  guardOutput(term, () => false);
  term.open(host);
  followTheme(() => {
    term.options.theme = readPalette(host);
  });
  return term;
}

/** Without a recording there is nothing to play along: the tab has a clock of its own. */
function mountClock(button, player, now) {
  let timer = 0;
  function stop() {
    clearInterval(timer);
    timer = 0;
    button.textContent = gettext("Play");
  }
  button.hidden = player.hasMedia;
  button.addEventListener("click", () => {
    if (timer) {
      stop();
      return;
    }
    const [began, from] = [performance.now(), now()];
    button.textContent = gettext("Pause");
    timer = setInterval(() => {
      const time = from + performance.now() - began;
      player.seek(Math.min(time, player.length));
      if (time >= player.length) stop();
    }, 100);
  });
  player.board?.addEventListener("click", stop);
}

export function mountTerminal(root, player) {
  if (!root) return;
  const part = (name) => root.querySelector(`[data-film-${name}]`);
  const text = part("text");
  let [term, film, drawn, time, wish, name] = [null, null, 0, 0, 0, ""];
  let isDrawing = false;
  let textTimer = 0;

  const say = (words) => {
    part("state").textContent = words;
  };

  function showText() {
    if (text.hidden || textTimer) return;
    textTimer = setTimeout(() => {
      textTimer = 0;
      text.textContent = readText(term.buffer.active);
    }, TEXT_MS);
  }

  /** Draws until the screen is what it was at the time, also where that changes meanwhile. */
  async function follow() {
    if (isDrawing || !term || !film) return;
    isDrawing = true;
    const mine = film;
    try {
      for (let plan = mine.plan(drawn, time); plan.to !== drawn; plan = mine.plan(drawn, time)) {
        const asked = wish;
        const isWanted = () =>
          mine === film && (asked === wish || mine.plan(plan.to, time).to >= plan.to);
        if (plan.isAnew) term.reset();
        if (!(await draw(term, plan.items, isWanted))) {
          drawn = Number.POSITIVE_INFINITY;
          if (mine !== film) break;
          continue;
        }
        drawn = plan.to;
      }
    } finally {
      isDrawing = false;
    }
    showText();
    root.dataset.at = String(Math.round(time));
    if (mine !== film) follow();
  }

  async function choose(chosen) {
    name = chosen;
    film = null;
    const made = createFilm();
    say(gettext("Loading…"));
    try {
      if (!term) {
        const nonce = document.querySelector('meta[name="csp-nonce"]').content;
        term = createEmulator(await loadEmulator(nonce), part("screen"));
      }
      await load(
        root.dataset.url.replace("/terminals/0/", `/terminals/${name}/`),
        made,
        () => name === chosen,
      );
    } catch {
      say(gettext("The terminal could not be loaded. Choose it again."));
      return;
    }
    if (name !== chosen) return;
    film = made;
    drawn = Number.POSITIVE_INFINITY;
    say("");
    follow();
  }

  player.onTime((at) => {
    time = at;
    wish += 1;
    if (film) say(formatClock(at));
    follow();
  });
  mountClock(part("play"), player, () => time);
  part("tools").hidden = false;
  part("name").addEventListener("change", (event) => choose(event.target.value));
  part("words").addEventListener("change", (event) => {
    text.hidden = !event.target.checked;
    if (term) text.textContent = readText(term.buffer.active);
  });
  // The emulator and the film are fetched once the tab is looked at: a hidden screen has no size.
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    choose(part("name").value);
  }).observe(part("tools"));
}
