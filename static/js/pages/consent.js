// Consent: a missing tick is said beside the box, without a round trip.
import { setText } from "../lib/dom.js";
import { mountLocalTimes } from "../lib/localtime.js";
import { startPage } from "../lib/page.js";

function mountConsent(form) {
  const box = form.elements.namedItem("agree");
  const error = form.querySelector("#agree-error");

  form.addEventListener("submit", (event) => {
    if (box.checked) return;
    event.preventDefault();
    box.setAttribute("aria-invalid", "true");
    setText(error, error.dataset.message);
    box.focus();
  });
  box.addEventListener("change", () => {
    box.removeAttribute("aria-invalid");
    setText(error, "");
  });
}

startPage();
mountLocalTimes();
mountConsent(document.querySelector("[data-consent]"));
