// What may happen to a room from outside: notices, another window, the end. Each says what it means and what to do.
import { gettext } from "./i18n.js";
import { CLOSE } from "./protocol.js";

/** leave() goes to the last page after what is not stored yet has had its time. */
export function followRoom({ socket, documents, clock, notices, leave }) {
  let isOver = false;

  function over() {
    if (isOver) return;
    isOver = true;
    notices.show("end", {
      text: gettext(
        "The interview has ended. What you did is stored; you are taken to the last page.",
      ),
      action: { label: gettext("Go there now"), run: () => leave({ wait: false }) },
    });
    leave({ wait: true });
  }

  function continueHere() {
    if (documents.status.unsaved > 0 || socket.state !== "online") location.reload();
    else socket.send({ type: "presence.take" });
  }

  function elsewhere() {
    notices.show("presence", {
      level: "warning",
      text: gettext("The interview goes on in another window. Here you can read."),
      action: { label: gettext("Continue here"), run: continueHere },
    });
  }

  function closed({ code, message }) {
    if (code === CLOSE.ENDED) over();
    else if (code === CLOSE.TAKEN_OVER) elsewhere();
    else if (code !== 1000) {
      notices.show("closed", {
        level: "danger",
        text: message || gettext("The room was closed by the server. What was stored is safe."),
        action: { label: gettext("Reload the page"), run: () => location.reload() },
      });
    }
  }

  socket.on("hello", (frame) => {
    const { server_time, interview } = frame;
    clock.set({ server_time, ...interview });
    if (frame.writer === false) elsewhere();
    else notices.clear("presence");
  });
  socket.on("clock", (frame) => clock.set(frame));
  clock.on("given", (texts) => {
    notices.show("given", { level: "good", text: texts.join(" "), closable: true });
  });
  socket.on("notice", ({ level, text }) => {
    notices.show(`notice:${text}`, { level, text, closable: true });
  });
  socket.on("presence.taken_over", elsewhere);
  socket.on("interview.ended", over);
  socket.on("state", (details) => details.state === "closed" && closed(details));
}
