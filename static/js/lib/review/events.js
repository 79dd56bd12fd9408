// The list of events: filtered by lane, by origin and by words; found by number or time.
import { interpolate, ngettext } from "../i18n.js";

export function mountEvents(root) {
  const table = root.querySelector("[data-events]");
  const rows = table ? [...table.tBodies[0].rows] : [];
  const form = root.querySelector("[data-event-filters]");
  let marked = null;

  function matches(row, track, origin, words) {
    return (
      (!track || row.dataset.track === track) &&
      (!origin || row.dataset.origin === origin) &&
      (!words || row.textContent.toLowerCase().includes(words))
    );
  }

  function filter() {
    const track = form.querySelector("[data-filter-track]").value;
    const origin = form.querySelector("[data-filter-origin]").value;
    const words = form.querySelector("[data-filter-words]").value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      row.hidden = !matches(row, track, origin, words);
      if (!row.hidden) count += 1;
    }
    const text = ngettext("%(count)s event", "%(count)s events", count);
    form.querySelector("[data-filter-count]").textContent = interpolate(text, { count });
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }

  function find(seq) {
    return rows.find((row) => seq >= Number(row.dataset.first) && seq <= Number(row.dataset.last));
  }

  function findNearest(time) {
    let best = null;
    for (const row of rows) {
      const at = row.querySelector("[data-t]");
      if (at && Number(at.dataset.t) <= time) best = row;
    }
    return best;
  }

  function mark(row) {
    marked?.classList.remove("is-shown");
    row?.classList.add("is-shown");
    marked = row ?? null;
  }

  function reveal(row) {
    if (!row) return;
    if (row.hidden) {
      form.reset();
      filter();
    }
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
  }

  return { find, findNearest, mark, reveal };
}
