// Says what a network without WebSockets means: quietly for the assistant, plainly for what does not work at all.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";

const TRIES = 3;

/** The line below the assistant's head, while its frames travel over plain HTTP. */
export function showSlowWay(root, channel) {
  const text = gettext("This network lets no WebSockets through: the assistant uses a slower way.");
  const line = element("p", { class: "chat-state small", role: "status" });
  root.querySelector('[data-chat="state"]')?.after(line);
  line.hidden = true;
  channel.on("way", ({ isSlow }) => {
    line.textContent = isSlow ? text : "";
    line.hidden = !isSlow;
  });
}

/** Whether the server answers over plain HTTP. */
export async function isReachable(fetch = globalThis.fetch) {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** What works without WebSockets and what does not: for who has the files open, and for who could not load them. */
function blockedText(hasFiles) {
  if (hasFiles)
    return gettext(
      "This network lets no WebSockets through. You can write, and ask the assistant, which sees what was stored last. Your files can not be stored with us and nothing can be run; what you type stays in this browser, also when you reload. Switch off a VPN or proxy, or use another network: the room then goes on by itself.",
    );
  return gettext(
    "This network lets no WebSockets through. You can read the problem and ask the assistant. Your files can not be opened here, stored with us or run; what you typed before stays in this browser. Switch off a VPN or proxy, or use another network: the room then goes on by itself.",
  );
}

/** Tells the person when the room's own socket can not be opened although the server is there. */
export function tellBlocked({ socket, notices, reach = isReachable }) {
  let hasFiles = false;
  socket.on("hello", () => {
    hasFiles = true;
  });
  socket.on("state", async ({ state, attempt }) => {
    if (state === "online" || state === "closed") notices.clear("blocked");
    if (state !== "reconnecting" || attempt < TRIES) return;
    if (!(await reach()) || socket.state === "online") return;
    notices.show("blocked", { level: "warning", text: blockedText(hasFiles) });
  });
}
