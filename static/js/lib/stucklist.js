// The list of live interviews that need a look: refreshed by itself, without moving what did not change.
import { setText } from "./dom.js";
import { morph } from "./morph.js";

export const REFRESH_MS = 20_000;

/** root holds [data-stuck] with its address, [data-stuck-announce] and [data-stuck-old]. Gives stop(). */
export function refreshStuck(root, options = {}) {
  const { fetch = globalThis.fetch, every = REFRESH_MS, parse = parseRows } = options;
  const list = root.querySelector("[data-stuck]");
  const announce = root.querySelector("[data-stuck-announce]");
  const old = root.querySelector("[data-stuck-old]");
  const countOf = () => list.querySelector("[data-stuck-count]")?.textContent ?? "";

  async function refresh() {
    if (root.hidden) return;
    try {
      const answer = await fetch(list.dataset.url, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) throw new Error(`answered ${answer.status}`);
      const before = countOf();
      morph(list, parse(await answer.text()));
      if (countOf() !== before) setText(announce, countOf());
      old.hidden = true;
    } catch {
      old.hidden = false;
    }
  }

  const timer = setInterval(refresh, every);
  root.addEventListener("visibilitychange", refresh);

  return { refresh, stop: () => clearInterval(timer) };
}

/** The server's own partial; a parsed document runs nothing. */
function parseRows(text) {
  return new DOMParser().parseFromString(text, "text/html").body;
}
