// The top bar's states, each in its one place and always true: stored, connection, clock.
import { formatRemaining } from "./clock.js";
import { createClockSheet } from "./clocksheet.js";
import { setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const SETTLED_MS = 400;

function savedWords({ state, message, isKept }, isTimeUp) {
  if (state === "problem") return ["danger", message || gettext("Not stored")];
  if (state !== "saved" && !isKept)
    return ["danger", gettext("Not stored, and this browser keeps no copy: leave the page open")];
  if (state === "held" && isTimeUp) return ["warning", gettext("Kept in this browser")];
  if (state === "held")
    return ["warning", gettext("Kept in this window: write here again to store it")];
  if (state === "offline")
    return ["warning", gettext("Your code is safe here; we are reconnecting")];
  if (state === "saving") return ["busy", gettext("Saving")];
  return ["good", gettext("Saved")];
}

function connectionWords({ state, attempt }) {
  if (state === "online") return ["good", gettext("online")];
  if (state === "closed") return ["danger", gettext("closed")];
  if (state === "connecting") return ["busy", gettext("connecting")];
  return [
    "warning",
    attempt > 1
      ? interpolate(gettext("reconnecting, try %(n)s"), { n: attempt })
      : gettext("reconnecting"),
  ];
}

export function createRoomBar({ root, documents, socket, clock }) {
  const saved = root.querySelector('[data-state="saved"]');
  const connection = root.querySelector('[data-state="connection"]');
  const face = root.querySelector("[data-clock]");
  const announce = root.querySelector("[data-clock-announce]");
  let settling = null;
  // Before the server has told of the files and the clock, nothing is known of them.
  let isTold = false;

  function put(node, [level, text]) {
    if (node.className !== `status ${level}`) node.className = `status ${level}`;
    setText(node, text);
  }

  /** "Saved" is said a moment late, never early: it does not flicker while someone types. */
  function drawSaved() {
    if (!isTold) {
      const isLate = socket.state === "reconnecting";
      if (isLate) put(saved, ["warning", gettext("Your files are not here yet")]);
      return;
    }
    const { status } = documents;
    const words = savedWords(status, clock.left() === 0);
    clearTimeout(settling);
    if (status.state === "saved") {
      settling = setTimeout(() => put(saved, words), SETTLED_MS);
      return;
    }
    put(saved, words);
    if (status.state !== "saving") setText(announce, words[1]);
  }

  function drawClock({ ms, level }) {
    if (!isTold) return;
    setText(face, ms === null ? gettext("no limit") : formatRemaining(ms));
    if (face.dataset.level !== level) face.dataset.level = level;
  }

  socket.on("hello", () => {
    isTold = true;
    drawSaved();
  });
  createClockSheet({ root, clock });
  documents.on("status", drawSaved);
  socket.on("state", (details) => {
    put(connection, connectionWords(details));
    drawSaved();
  });
  clock.on("tick", drawClock);
  clock.on("announce", (text) => setText(announce, text));
}
