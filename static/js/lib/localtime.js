// Times in the reader's own zone; the server writes them in UTC for those without scripts.

export function formatMoment(date, locale = globalThis.document?.documentElement.lang, timeZone) {
  return new Intl.DateTimeFormat(locale || "en", {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    timeZone,
  }).format(date);
}

export function mountLocalTimes(root = document) {
  for (const node of root.querySelectorAll("time[data-local-time]")) {
    const date = new Date(node.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    node.title = node.textContent;
    node.textContent = formatMoment(date);
  }
}
