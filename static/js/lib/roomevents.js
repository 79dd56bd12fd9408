// What may happen to a room from outside: notices, the clock, the end. Each says what it means and what to do.
import { gettext, interpolate } from "./i18n.js";
import { CLOSE } from "./protocol.js";

/** leave() goes to the last page after what is not stored yet has had its time; late sends what the time cut off. */
export function followRoom({ socket, documents, clock, notices, late, leave }) {
  let isOver = false;
  const told = new Set();

  /** Offline it is sent when the page learns of the end, or from the last page. */
  const sendLate = () => late.send().catch(() => {});

  function timeUp() {
    documents.lock(true);
    sendLate();
    const isHere = socket.state === "online";
    notices.show("time", {
      level: "warning",
      text: isHere
        ? gettext("The time is up. You can read, no longer write.")
        : gettext(
            "The time is up. You can read, no longer write. What is not stored yet is kept in this browser and sent when the connection is back.",
          ),
    });
  }

  function timeGiven() {
    documents.lock(false);
    notices.clear("time");
  }

  /** What fails on our side, as long as it does: the candidate need not watch the clock for it. */
  function tellLasting({ lasting }) {
    for (const cause of told) if (!lasting.some((one) => one.cause === cause)) forget(cause);
    for (const { cause, label } of lasting) {
      told.add(cause);
      const text = gettext("%(what)s. The time this takes is given back to you.");
      notices.show(`lasting:${cause}`, {
        level: "warning",
        text: interpolate(text, { what: label }),
      });
    }
  }

  function forget(cause) {
    told.delete(cause);
    notices.clear(`lasting:${cause}`);
  }

  function over() {
    if (isOver) return;
    isOver = true;
    notices.clear("time");
    notices.show("end", {
      text: gettext(
        "The interview has ended. What you did is stored; you are taken to the last page.",
      ),
      action: { label: gettext("Go there now"), run: () => leave({ wait: false }) },
    });
    sendLate().then(() => leave({ wait: true }));
  }

  function orphaned({ path, text }) {
    notices.show(`orphan:${path}`, {
      level: "warning",
      text: interpolate(
        gettext("%(path)s was deleted while something you wrote in it was not stored yet."),
        { path },
      ),
      action: { label: gettext("Put it back"), run: () => putBack(path, text) },
      closable: true,
    });
  }

  function putBack(path, text) {
    documents.create(path, text).catch((error) => {
      notices.show(`orphan:${path}`, { level: "warning", text: error.message, closable: true });
    });
  }

  function closed({ code, message }) {
    if (code === CLOSE.ENDED) over();
    else if (code !== 1000) {
      notices.show("closed", {
        level: "danger",
        text: message || gettext("The room was closed by the server. What was stored is safe."),
        action: { label: gettext("Reload the page"), run: () => location.reload() },
      });
    }
  }

  socket.on("hello", ({ server_time, interview }) => {
    clock.set({ server_time, ...interview });
  });
  socket.on("clock", (frame) => clock.set(frame));
  clock.on("ledger", tellLasting);
  clock.on("over", timeUp);
  clock.on("resumed", timeGiven);
  clock.on("given", (texts) => {
    notices.show("given", { level: "good", text: texts.join(" "), closable: true });
  });
  socket.on("notice", ({ level, text }) => {
    notices.show(`notice:${text}`, { level, text, closable: true });
  });
  documents.on("orphaned", orphaned);
  documents.on("list", (entries) => {
    for (const { path } of entries) notices.clear(`orphan:${path}`);
  });
  socket.on("interview.ended", over);
  socket.on("state", (details) => details.state === "closed" && closed(details));
}
