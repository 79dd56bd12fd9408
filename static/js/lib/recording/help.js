// What can go wrong with recording, in the person's words, each with what to do.
import { gettext, interpolate } from "../i18n.js";

/** For the codes of capture.js. */
export function captureHelp(code) {
  const help = {
    not_allowed: gettext(
      "Camera and microphone are blocked. Allow them beside the address of this page, then try again.",
    ),
    not_found: gettext("No camera or microphone was found. Connect one, then try again."),
    not_readable: gettext(
      "Another program holds your camera or microphone. Close it, then try again.",
    ),
    overconstrained: gettext(
      "This camera cannot give a picture that can be recorded. Choose another one, then try again.",
    ),
    insecure: gettext(
      "Recording needs a secure connection (https). Open the link from your invitation.",
    ),
    no_recorder: gettext(
      "This browser cannot record. Use a current Chrome, Edge, Firefox or Safari.",
    ),
    no_store: gettext(
      "This browser keeps nothing on this device, so nothing can be recorded. Leave private browsing and open your link again.",
    ),
  };
  return help[code] ?? gettext("The camera did not start. Try again.");
}

/** For the problems of the queue, and those that end a recorder. Empty where nobody needs to know. */
export function problemHelp(code) {
  const help = {
    storage_full: gettext(
      "There is no room left on this device for the recording. Free some space; what was stored is safe.",
    ),
    storage_failed: gettext(
      "The browser refuses to keep the recording for a moment. Recording goes on where it can.",
    ),
    no_tracks: gettext("Camera and microphone have stopped. Connect them again, then try again."),
    recorder_failed: gettext("Recording has stopped and could not be started again."),
  };
  return help[code] ?? "";
}

/** Something is recorded, but not everything: "video" or "audio" is missing. */
export function missingHelp(kind) {
  return kind === "video"
    ? gettext(
        "The camera gives no picture: only sound is recorded. Connect or allow it; it is then used by itself.",
      )
    : gettext(
        "The microphone gives no sound: only the picture is recorded. Connect or allow it; it is then used by itself.",
      );
}

/** The system or a switch has silenced "video" or "audio"; it comes back the same way. */
export function mutedHelp(kind) {
  return kind === "video"
    ? gettext(
        "Your camera is switched off outside this page: only sound is recorded. Switch it on again, or open its cover.",
      )
    : gettext(
        "Your microphone is muted outside this page: only the picture is recorded. Unmute it in your system or on the device.",
      );
}

/** On the light only: nobody has to do anything. */
export function restartedHelp() {
  return gettext("The browser’s recorder failed and was started again.");
}

/** `minutes` of recording fit on this device while nothing can be sent. */
export function spaceHelp(minutes) {
  return interpolate(
    gettext(
      "This device has room for %(minutes)s minutes of recording. It is sent as you go; free some space in case the connection fails for longer.",
    ),
    { minutes },
  );
}

/** For the states of screen.js; empty where nothing is to be done. */
export function screenHelp(state) {
  const help = {
    offered: gettext("This interview also records your screen. Choose what to share."),
    refused: gettext(
      "Your screen is not shared, and the interview goes on. You can still share it.",
    ),
    ended: gettext("Your screen is no longer shared, and the interview goes on."),
    unsupported: gettext("This browser cannot share a screen. The interview goes on without it."),
  };
  return help[state] ?? "";
}

/** For the steps of quality.js, on the light. */
export function stepHelp(name) {
  const help = {
    half: gettext("Recording with less data: the connection is slow."),
    low: gettext("Recording with little data: the connection is slow."),
    small: gettext("Recording a small picture: the connection is slow."),
    sound: gettext("Recording sound only: the connection is too slow for a picture."),
  };
  return help[name] ?? "";
}

/** For the server's final refusals. */
export function refusalHelp({ status, code }) {
  if (code === "recording_full") {
    return gettext("The recording has reached its largest size. What is stored is safe.");
  }
  if (code === "slice_damaged") {
    return gettext(
      "Some seconds of the recording were damaged on this device and cannot be sent. They are noted as a gap; everything else is kept.",
    );
  }
  if ([401, 403, 404].includes(status)) {
    return gettext(
      "The server does not take the recording from this page. Reload it; what was recorded is still on this computer.",
    );
  }
  if (code === "recording_closed" || code === "not_recorded") {
    return gettext("The server takes no more of this recording. What is stored is safe.");
  }
  return gettext(
    "A part of the recording was refused by the server. The rest goes on; you need do nothing.",
  );
}
