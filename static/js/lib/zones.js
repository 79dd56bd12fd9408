// Times in a zone the page names, with the reader's own beside them where that differs.
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { formatMoment } from "./localtime.js";

/** The reader's own words for a moment, or null where the page's wall clock says the same. */
export function ownTime(date, shown, locale, timeZone) {
  const wall = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    day: "numeric",
    timeZone,
  }).formatToParts(date);
  const part = (type) => wall.find((each) => each.type === type).value;
  const isSameTime = shown.includes(`${part("hour")}:${part("minute")}`);
  const isSameDay = new RegExp(`(^|\\D)${part("day")} `).test(shown);
  return isSameTime && isSameDay ? null : formatMoment(date, locale, timeZone);
}

export function mountZones(root = document) {
  for (const node of root.querySelectorAll("time[data-zoned]")) {
    const own = ownTime(new Date(node.dateTime), node.textContent);
    if (!own) continue;
    const words = interpolate(gettext("In your browser's zone: %(time)s"), { time: own });
    node.after(element("br"), element("span", { class: "own-time" }, words));
  }
}
