// Two buttons under an answer: it helped, or it did not. Pressing the one that is on takes the rating back.
import { element, icon } from "./dom.js";
import { gettext } from "./i18n.js";

function thumb(rating, label) {
  const attributes = { type: "button", class: "icon-button", "data-rating": rating };
  return element(
    "button",
    { ...attributes, "aria-label": label, title: label },
    icon(`thumb-${rating}`),
  );
}

/** rate(entry, rating | null) asks the server; what it says comes back through update(entry). */
export function createRating(rate) {
  const buttons = {
    up: thumb("up", gettext("This helped")),
    down: thumb("down", gettext("This did not help")),
  };
  const label = gettext("Rate this answer");
  const root = element("span", { class: "turn-rating", role: "group", "aria-label": label });
  root.append(buttons.up, buttons.down);
  let shown = null;

  for (const [rating, button] of Object.entries(buttons))
    button.addEventListener("click", () => rate(shown, shown.rating === rating ? null : rating));

  return {
    root,
    update(entry) {
      shown = entry;
      for (const [rating, button] of Object.entries(buttons))
        button.setAttribute("aria-pressed", String(entry.rating === rating));
    },
  };
}
