// What was written and not stored when the time was up: sent by itself, whatever the socket says by then.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";

const WITHIN_MS = 8_000;
const AGAIN_MS = 700;
const TRIES = 4;

/** One name for one piece of work: sent twice it is taken once. */
function nameOf({ page, document, version, updates }) {
  return `late-${page}-${document}-${version}-${updates.length}`.slice(0, 64);
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends an entry of the pending store; gives "stored", "kept", or null when it is not taken. Rejects when offline. */
export async function sendLate(entry, { url, csrf, send = fetch, again = AGAIN_MS }) {
  const { document, path, version, updates } = entry;
  const frame = { type: "document.update", id: nameOf(entry), path, document, version, updates };
  for (let tries = 0; tries < TRIES; tries += 1) {
    const response = await send(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(frame),
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    if (response.ok) return (await response.json()).state;
    // By the server's clock there may be a moment left: then it is not late yet.
    if (response.status !== 409) return null;
    await wait(again);
  }
  return null;
}

/** left() gives this page's entries, store those of pages that are gone. */
export function createLateWork({ store, left, ...options }) {
  return {
    async send() {
      const entries = [...left(), ...(await store.others())];
      return Promise.all(entries.map((entry) => sendLate(entry, options)));
    },
  };
}

/** After the end: sends what any page left, puts it away once it is taken, and says so in the line. */
export async function sendLeft({ store, line, ...options }) {
  for (const entry of await store.others()) {
    const state = await sendLate(entry, options);
    if (state === null) continue;
    await store.takeOver(null, entry);
    if (state !== "kept") continue;
    line.hidden = false;
    line.replaceChildren(
      element("strong", {}, gettext("Some of your work arrived after the end.")),
      gettext(" It is kept, and the company can look at it: "),
      element("code", {}, entry.path),
    );
  }
}
