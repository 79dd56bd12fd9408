// How the time adds up: a small sheet below the clock with the ledger, the end, and what is being given back.
import { formatLength } from "./clock.js";
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const LABELS = {
  start: () => gettext("Agreed time"),
  factor: () => gettext("Extra time agreed"),
  extension: () => gettext("Added"),
  credit: () => gettext("Given back"),
};

/** Lines of {label, reason, ms}; time the interview was closed is nobody's and left out, as is the reason of a label. */
export function ledgerLines(entries) {
  return entries
    .filter(({ kind }) => kind in LABELS)
    .map(({ kind, ms, reason }) => ({ label: LABELS[kind](), reason, ms }));
}

export function totalOf(lines) {
  return lines.reduce((sum, { ms }) => sum + ms, 0);
}

function signed(ms, index) {
  if (index === 0) return formatLength(ms);
  return `${ms < 0 ? "−" : "+"}${formatLength(Math.abs(ms))}`;
}

function drawLine({ label, reason, ms }, index) {
  return element(
    "div",
    { class: "ledger-line" },
    element("dt", {}, label, reason ? element("span", { class: "muted" }, ` ${reason}`) : ""),
    element("dd", { class: "number" }, signed(ms, index)),
  );
}

function timeOfDay(iso, withZone = false) {
  const options = { hour: "2-digit", minute: "2-digit" };
  if (withZone) options.timeZoneName = "short";
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", options).format(
    new Date(iso),
  );
}

function drawLasting({ label, began_at }) {
  const words = gettext("%(what)s since %(time)s. The time is given back when it works again.");
  const text = interpolate(words, { what: label, time: timeOfDay(began_at) });
  return element("p", { class: "ledger-lasting" }, text);
}

/** root holds [data-clock-sheet], which the clock's button opens. */
export function createClockSheet({ root, clock }) {
  const sheet = root.querySelector("[data-clock-sheet]");
  if (!sheet) return;

  clock.on("ledger", ({ entries, lasting, endsAt }) => {
    const lines = ledgerLines(entries);
    const total = element(
      "div",
      { class: "ledger-line ledger-total" },
      element("dt", {}, gettext("In all")),
      element("dd", { class: "number" }, formatLength(totalOf(lines))),
    );
    const ends = interpolate(gettext("Ends at %(time)s."), {
      time: endsAt ? timeOfDay(endsAt, true) : "–",
    });
    sheet.replaceChildren(
      element("h2", {}, gettext("Your time")),
      element("dl", { class: "ledger" }, ...lines.map(drawLine), total),
      ...lasting.map(drawLasting),
      element("p", { class: "muted" }, ends),
    );
  });
}
