// What the watch page says of the interview: the candidate's connection, the clock and the ledger that made it.
import { formatLength } from "./clock.js";
import { ledgerLines, totalOf } from "./clocksheet.js";
import { element, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { namesOf } from "./watchers.js";

const TIME_OF_DAY = { hour: "numeric", minute: "2-digit", timeZoneName: "short" };
// A page that is loaded anew is gone for a moment.
const AWAY_AFTER_MS = 3_000;
const OPEN = new Set(["invited", "preparing"]);

/** Seconds matter only in the first minutes. */
function awayFor(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return formatLength((whole < 300 ? whole : whole - (whole % 60)) * 1000);
}

/** What is known of the candidate as [level, text]; state is the interview's. */
export function candidateWords({ state, connected, awaySeconds }) {
  if (OPEN.has(state)) return ["", gettext("not started yet")];
  if (state !== "active") return ["", gettext("over")];
  if (connected === null) return ["busy", gettext("looking for the candidate")];
  if (connected) return ["good", gettext("connected")];
  if (awaySeconds === null) return ["warning", gettext("not here yet")];
  return ["warning", interpolate(gettext("away for %(time)s"), { time: awayFor(awaySeconds) })];
}

function ledgerLine(label, reason, length) {
  return element(
    "li",
    {},
    element("span", {}, reason ? `${label}: ${reason}` : label),
    element("span", { class: "number" }, length),
  );
}

function drawLedger(ledger, entries) {
  const lines = ledgerLines(entries);
  const parts = lines.map(({ label, reason, ms }, at) => {
    const sign = ms < 0 ? "−" : "+";
    const length = formatLength(Math.abs(ms));
    return ledgerLine(label, reason, at === 0 ? length : `${sign}${length}`);
  });
  const total = ledgerLine(gettext("In all"), "", formatLength(totalOf(lines)));
  ledger.replaceChildren(...parts, total);
}

/**
 * root holds [data-candidate-state], [data-show-time], [data-ledger], [data-ends], [data-lasting], [data-others],
 * [data-no-others] and [data-watch-announce].
 */
export function createWatchBar({ root, socket, clock, presence }) {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const [status, time, ledger, ends, others, announce] = [
    "candidate-state",
    "show-time",
    "ledger",
    "ends",
    "others",
    "watch-announce",
  ].map(part);
  let state = "active";
  let connected = null;
  let awaySince = null;
  let timer = null;

  function drawCandidate() {
    const away = awaySince === null ? null : (performance.now() - awaySince) / 1000;
    const [level, text] = candidateWords({ state, connected, awaySeconds: away });
    if (status.className !== `status ${level}`) status.className = `status ${level}`;
    setText(status, text);
  }

  function drawTime({ entries, lasting = [], endsAt }) {
    drawLedger(ledger, entries);
    const at = endsAt && new Date(endsAt).toLocaleTimeString([], TIME_OF_DAY);
    setText(ends, at ? interpolate(gettext("Ends at %(time)s."), { time: at }) : "");
    const words = gettext("%(what)s. The time is given back when it works again.");
    const faults = lasting.map(({ label }) => interpolate(words, { what: label }));
    setText(part("lasting"), faults.join(" "));
  }

  function setState(value) {
    state = value;
    time.hidden = state !== "active";
    if (state !== "active") connected = null;
    drawCandidate();
  }

  function take(frame) {
    const isNews = connected !== null && connected !== frame.connected && state === "active";
    connected = frame.connected;
    const gone = frame.seen_at ? Date.parse(frame.server_time) - Date.parse(frame.seen_at) : null;
    awaySince = connected || gone === null ? null : frame.heardAt - gone;
    drawCandidate();
    const words = connected ? gettext("The candidate is back") : gettext("The candidate is away");
    if (isNews) setText(announce, words);
  }

  presence.on("candidate", (frame) => {
    clearTimeout(timer);
    const heard = { ...frame, heardAt: performance.now() };
    if (connected && !frame.connected) timer = setTimeout(take, AWAY_AFTER_MS, heard);
    else take(heard);
  });
  presence.on("watchers", (watchers) => {
    const people = namesOf(watchers).map((name) => element("li", {}, name));
    others.replaceChildren(...people);
    others.hidden = people.length === 0;
    part("no-others").hidden = people.length > 0;
  });
  socket.on("hello", (frame) => {
    clock.set({ server_time: frame.server_time, ...frame.interview });
    setState(frame.interview.state);
  });
  socket.on("clock", (frame) => clock.set(frame));
  socket.on("interview.ended", (frame) => setState(frame.state));
  socket.on("state", (details) => {
    if (details.state === "online") return;
    clearTimeout(timer);
    connected = null;
  });
  clock.on("ledger", drawTime);
  clock.on("tick", drawCandidate);
}
