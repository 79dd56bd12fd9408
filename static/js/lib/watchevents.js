// What may happen to a watch page from outside, each in words: not begun, over, no more access, files that went.
import { gettext, interpolate } from "./i18n.js";
import { CLOSE } from "./protocol.js";

const WAITING = new Set(["invited", "preparing"]);

export function followWatched({ socket, notices, documents }) {
  function say(state) {
    if (WAITING.has(state)) {
      notices.show("state", {
        text: gettext(
          "The candidate has not started yet. Leave this page open: it goes on by itself.",
        ),
      });
    } else if (state === "active") notices.clear("state");
    else {
      notices.show("state", {
        text: gettext("The interview is over. You see its files as they were left."),
      });
    }
  }

  function closed({ code, message }) {
    if (code === 1000) return;
    const text = code === CLOSE.FORBIDDEN ? gettext("You can no longer watch this interview.") : "";
    notices.show("closed", {
      level: "danger",
      text: text || message || gettext("The server closed the connection."),
      action: { label: gettext("Reload the page"), run: () => location.reload() },
    });
  }

  socket.on("hello", ({ interview }) => say(interview.state));
  socket.on("interview.ended", ({ state }) => say(state));
  socket.on("state", (details) => details.state === "closed" && closed(details));
  socket.on("notice", ({ level, text }) => {
    notices.show(`notice:${text}`, { level, text, closable: true });
  });
  documents.on("orphaned", ({ path }) => {
    const words = gettext("%(path)s was deleted while something you typed in it was not stored.");
    const text = interpolate(words, { path });
    notices.show(`orphan:${path}`, { level: "warning", text, closable: true });
  });
}
