// The line that says where a run stands; while it runs, for how long.
import { element, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const ORDINALS = new Intl.PluralRules("en", { type: "ordinal" });
const PLACES = {
  one: () => gettext("Waiting, %(n)sst in line"),
  two: () => gettext("Waiting, %(n)snd in line"),
  few: () => gettext("Waiting, %(n)srd in line"),
  other: () => gettext("Waiting, %(n)sth in line"),
};

/** Where a run is in the runner's line; 0 is before that is known. */
export function placeText(position) {
  if (!(position > 0)) return gettext("Starting…");
  if (position === 1) return gettext("Waiting, next in line");
  return interpolate(PLACES[ORDINALS.select(position)](), { n: position });
}

/** What stands where results will. */
export function comingText() {
  const text = gettext("The results come here, one line for each test.");
  return element("p", { class: "empty" }, text);
}

/** Why nothing was run. */
export function unstoredText() {
  return gettext(
    "Your latest changes are not stored yet, so nothing was run. Try again in a moment.",
  );
}

/** Why no command can be run now, or nothing. */
export function obstacleText({ running, alive, socket }) {
  if (!running.available) return running.message || gettext("Running is off here.");
  if (socket.state !== "online") return gettext("There is no connection at the moment.");
  return alive ? gettext("Something runs already. Wait for its end, or stop it.") : "";
}

export function createRunState(node) {
  let ticker = null;

  function set(level, text) {
    node.className = `status ${level}`;
    setText(node, text);
    node.hidden = !text;
  }

  function stop() {
    clearInterval(ticker);
    ticker = null;
  }

  return {
    set,
    stop,
    /** Counts the seconds from now on. */
    start(now = () => performance.now()) {
      stop();
      const since = now();
      set("busy", gettext("Running"));
      ticker = setInterval(() => {
        const n = Math.floor((now() - since) / 1000);
        set("busy", interpolate(gettext("Running, %(n)s s"), { n }));
      }, 1000);
    },
  };
}
