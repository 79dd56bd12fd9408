// The recording light: seconds safely stored of seconds captured, and what to do when it is not well.
import { setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

export function formatSeconds(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Behind by more than this many seconds, the light says how much waits. */
const BEHIND = 30;

/** state: off, asking, elsewhere, recording, paused, stopped. Gives {level, text, title}. */
export function describe({ state, capturedSeconds = 0, storedSeconds = 0, message = "" }) {
  const stored = formatSeconds(storedSeconds);
  const captured = formatSeconds(capturedSeconds);
  const title = interpolate(gettext("%(stored)s stored of %(captured)s recorded"), {
    stored,
    captured,
  });
  const behind = capturedSeconds - storedSeconds > BEHIND;
  if (state === "asking")
    return { level: "busy", text: gettext("Starting camera…"), title: message };
  if (state === "elsewhere")
    return { level: "", text: gettext("Recording in another window"), title };
  if (state === "paused")
    return { level: "danger", text: gettext("Not recording"), title: message || title };
  if (state === "stopped")
    return { level: "", text: interpolate(gettext("%(stored)s stored"), { stored }), title };
  const text = behind
    ? interpolate(gettext("%(stored)s of %(captured)s stored"), { stored, captured })
    : interpolate(gettext("%(stored)s stored"), { stored });
  return { level: behind ? "recording warning" : "recording", text, title: message || title };
}

/** Draws what the emitter tells; nothing is shown where nothing is recorded. */
export function createRecordLight(root, recording) {
  function draw(facts) {
    root.hidden = facts.state === "off";
    if (root.hidden) return;
    const { level, text, title } = describe(facts);
    root.className = `status record ${level}`;
    setText(root, text);
    root.title = title;
  }

  recording.on("change", draw);
  draw(recording.facts);
}

/** Says what goes wrong with the recording, with a way to go on, until it is well again. */
export function tellRecording(notices, recording) {
  recording.on("trouble", (text) => {
    const action = { label: gettext("Try again"), run: () => recording.start() };
    notices.show("recording", {
      level: "warning",
      text,
      action: recording.facts.state === "paused" ? action : null,
      closable: true,
    });
  });
  recording.on("well", () => notices.clear("recording"));
}
