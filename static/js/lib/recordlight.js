// The recording light: seconds safely stored of seconds captured, and what to do when it is not well.
import { setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { createLevelMeter } from "./recording/capture.js";
import { screenHelp, spaceHelp, stepHelp } from "./recording/help.js";

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
export function describe({ state, capturedSeconds = 0, storedSeconds = 0, message = "", step }) {
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
  const told = message || [stepHelp(step), title].filter(Boolean).join(" ");
  return { level: behind ? "recording warning" : "recording", text, title: told };
}

/** The same for the screen's own light; null where it has none. */
export function describeScreen({ state, capturedSeconds = 0, storedSeconds = 0 }) {
  if (state === "off") return null;
  if (state !== "sharing")
    return { level: "warning", text: gettext("Screen not shared"), title: "" };
  const values = { stored: formatSeconds(storedSeconds), captured: formatSeconds(capturedSeconds) };
  return {
    level: "recording",
    text: interpolate(gettext("Screen: %(stored)s stored"), values),
    title: interpolate(gettext("%(stored)s stored of %(captured)s recorded"), values),
  };
}

function put(node, words) {
  node.hidden = words === null;
  if (node.hidden) return;
  node.className = `status record ${words.level}`;
  setText(node, words.text);
  node.title = words.title;
}

/** Draws what the emitter tells; nothing is shown where nothing is recorded. `screen` is the screen's own light. */
export function createRecordLight(root, recording, { screen = null } = {}) {
  function draw(facts) {
    put(root, facts.state === "off" ? null : describe(facts));
    if (screen) put(screen, describeScreen(facts.screen));
  }

  // The offer's line can be closed; this stays.
  screen?.addEventListener("click", () => recording.shareScreen());
  recording.on("change", draw);
  draw(recording.facts);
}

const VOICE_EVERY_MS = 100;

/** The microphone's level, from the first sound heard: a browser that lets no sound run shows none. */
export function createVoice(node, recording, { now = () => performance.now() } = {}) {
  let meter = null;
  let shownAt = 0;

  function show(level) {
    if (node.hidden && level === 0) return;
    if (now() - shownAt < VOICE_EVERY_MS) return;
    shownAt = now();
    node.hidden = false;
    node.value = level;
  }

  recording.on("stream", (stream) => {
    meter?.stop();
    meter = null;
    node.hidden = true;
    if (!stream?.getAudioTracks().some((track) => track.readyState === "live")) return;
    meter = createLevelMeter(stream, show);
    meter.resume();
  });
}

/** What the server misses, in words; "" where nothing is. Of silence the light itself tells. */
export function describeHoles(holes) {
  const missing = holes.filter((hole) => hole.reason !== "silent");
  if (!missing.length) return "";
  const seconds = missing.reduce((sum, hole) => sum + hole.end_ms - hole.start_ms, 0) / 1000;
  return interpolate(
    gettext(
      "%(time)s of your recording are missing on the server. What this browser still holds is sent by itself; go on with your interview.",
    ),
    { time: formatSeconds(Math.max(1, seconds)) },
  );
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
  recording.on("holes", (holes) => {
    const text = describeHoles(holes);
    if (text) notices.show("holes", { level: "warning", text, closable: true });
    else notices.clear("holes");
  });
  recording.on("space", (minutes) => {
    notices.show("space", { level: "warning", text: spaceHelp(minutes), closable: true });
  });
}

/** Offers to share the screen, and offers it again when that ended; the room is never held up by it. */
export function tellScreen(notices, recording) {
  recording.on("screen", (state) => {
    const text = screenHelp(state);
    if (!text) {
      notices.clear("screen");
      return;
    }
    const action = { label: gettext("Share your screen"), run: () => recording.shareScreen() };
    notices.show("screen", {
      level: state === "offered" ? "info" : "warning",
      text,
      action: state === "unsupported" ? null : action,
      closable: state !== "offered",
    });
  });
}

/** All of it in the room: the lights, the microphone's level, and the lines above. */
export function showRecording(root, notices, recording) {
  const find = (selector) => root.querySelector(selector);
  const screen = find('[data-state="screen"]');
  createRecordLight(find('[data-state="record"]'), recording, { screen });
  createVoice(find("[data-voice]"), recording);
  tellRecording(notices, recording);
  tellScreen(notices, recording);
}
