// Which window of the candidate writes: the question in the one that comes later, the notice in the one that was first.
import { gettext } from "./i18n.js";

const SUBJECT = "presence";

function openText(place) {
  if (place === "tab") return gettext("This interview is open in another tab of this browser.");
  if (place === "device")
    return gettext("This interview is open in another browser or on another device.");
  return gettext("This interview is open in another window.");
}

function movedText(place) {
  if (place === "tab") return gettext("The interview now goes on in another tab of this browser.");
  if (place === "device")
    return gettext("The interview now goes on in another browser or on another device.");
  return gettext("The interview now goes on in another window.");
}

/** elsewhere is {place, left} of hello: left where the other window has just gone. */
export function questionText({ place = "", left = false } = {}) {
  if (left)
    return gettext(
      "Your other window has just closed or lost its connection. If it does not come back, you write here in a few seconds.",
    );
  return `${openText(place)} ${gettext("This window only reads. Take over here?")}`;
}

export function noticeText({ place = "" } = {}) {
  return `${movedText(place)} ${gettext("This window only reads. What you typed here is kept.")}`;
}

/**
 * Asks, tells, and has the recording follow: it records where the candidate writes (start()) and rests elsewhere
 * (rest()).
 */
export function followWriting({ socket, notices, recording }) {
  let isWriter = null;

  /** Once for each change: a connection that comes back changes nothing. */
  function setWriter(value) {
    if (value === isWriter) return;
    isWriter = value;
    if (value) recording.start();
    else recording.rest();
  }

  function take() {
    if (socket.state !== "online") location.reload();
    else socket.request({ type: "presence.take" }, { resend: false }).catch(refused);
  }

  function show(text, label) {
    notices.show(SUBJECT, { level: "warning", text, action: { label, run: take } });
  }

  function refused({ message }) {
    show(message || gettext("That did not work. Try it again."), gettext("Take over here"));
  }

  socket.on("hello", ({ writer, elsewhere, interview }) => {
    if (writer === false && interview.state !== "active") return;
    if (writer === false) show(questionText(elsewhere), gettext("Take over here"));
    else notices.clear(SUBJECT);
    setWriter(writer !== false);
  });
  socket.on("presence.taken_over", (frame) => {
    show(noticeText(frame), gettext("Write here again"));
    setWriter(false);
  });
}
