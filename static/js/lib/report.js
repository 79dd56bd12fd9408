// "Something is wrong": sends a message with diagnostics, says what became of it, keeps the words on failure.
import { collectDiagnostics } from "./diagnostics.js";
import { gettext } from "./i18n.js";

async function post(url, csrf, body) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
}

function mountForm(host) {
  const form = host.querySelector(".report-form");
  const message = form.elements.namedItem("message");
  const state = form.querySelector("[data-report-state]");
  const button = form.querySelector('[type="submit"]');
  const preview = form.querySelector("[data-diagnostics]");

  form.querySelector("details").addEventListener("toggle", () => {
    preview.textContent = JSON.stringify(collectDiagnostics(), null, 1);
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = message.value.trim();
    message.toggleAttribute("aria-invalid", false);
    if (!text) {
      message.setAttribute("aria-invalid", "true");
      state.textContent = gettext("Write a line about what happened, then send.");
      message.focus();
      return;
    }
    button.disabled = true;
    state.textContent = gettext("Sending…");
    try {
      const body = { message: text, diagnostics: collectDiagnostics() };
      await post(host.dataset.url, host.dataset.csrf, body);
      message.value = "";
      state.textContent = gettext("Sent. Your recruiter has been told; you can go on.");
    } catch {
      state.textContent = gettext(
        "It could not be sent. Your words are kept here: check the connection and send again.",
      );
    } finally {
      button.disabled = false;
    }
  });
}

export function mountReports(root = document) {
  for (const host of root.querySelectorAll("[data-report]")) mountForm(host);
}
