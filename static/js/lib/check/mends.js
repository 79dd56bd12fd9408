// What to do about each thing that can fail in the device check, in words and steps.
import { gettext, interpolate } from "../i18n.js";

/** chrome, edge, firefox, safari or other: only for naming the right button. */
export function browserName(agent = navigator.userAgent) {
  if (/Edg\//.test(agent)) return "edge";
  if (/Firefox\/|FxiOS/.test(agent)) return "firefox";
  if (/Chrome\/|Chromium\/|CriOS/.test(agent)) return "chrome";
  if (/Safari\//.test(agent)) return "safari";
  return "other";
}

function resetSteps(browser) {
  const chromium = [
    gettext("Press the icon to the left of the address of this page."),
    gettext("Set Camera and Microphone to “Allow”."),
    gettext("Press “Check again”. If nothing changes, reload the page."),
  ];
  const steps = {
    chrome: chromium,
    edge: chromium,
    firefox: [
      gettext("Press the crossed-out camera or microphone beside the address of this page."),
      gettext("Remove “Blocked” there for the camera and the microphone."),
      gettext("Press “Check again” and choose “Allow”."),
    ],
    safari: [
      gettext("Open Safari’s menu, then “Settings for This Website”."),
      gettext("Set Camera and Microphone to “Allow”."),
      gettext("Reload this page."),
    ],
  };
  return (
    steps[browser] ?? [
      gettext("Open the settings of this page in your browser, usually beside the address."),
      gettext("Allow the camera and the microphone."),
      gettext("Press “Check again”."),
    ]
  );
}

const SYSTEM = () =>
  gettext(
    "If the browser already allows it, look in the settings of your system under Privacy: there, too, the browser needs the camera and the microphone.",
  );

function deviceMends(device, browser) {
  const isCamera = device === "camera";
  return {
    not_allowed: {
      state: gettext("Access was refused."),
      text: gettext("Your browser keeps the refusal. This is how to take it back:"),
      steps: resetSteps(browser),
      more: SYSTEM(),
    },
    dismissed: {
      state: gettext("Not allowed yet."),
      text: gettext(
        "The question was closed or refused. Press “Check again” and choose “Allow”. If no question comes:",
      ),
      steps: resetSteps(browser),
      more: SYSTEM(),
    },
    not_found: {
      state: isCamera ? gettext("No camera was found.") : gettext("No microphone was found."),
      text: isCamera
        ? gettext(
            "Connect a camera, or open its cover or switch, then press “Check again”. On a laptop, a key can turn it off.",
          )
        : gettext("Connect a microphone or a headset, then press “Check again”."),
    },
    not_readable: {
      state: isCamera
        ? gettext("Another program holds your camera.")
        : gettext("Another program holds your microphone."),
      text: gettext(
        "Close what may use it (a meeting, another tab, a camera tool), then press “Check again”. If that does not help, unplug it for a moment or restart the browser.",
      ),
    },
    overconstrained: {
      state: gettext("This device cannot do what the interview asks for."),
      text: gettext("Choose another device in the list, or connect another one."),
    },
    security: {
      state: gettext("The browser’s settings forbid it."),
      text: gettext(
        "A policy of this computer or a privacy setting blocks camera and microphone for all pages. Use another browser or computer, or ask who manages this one.",
      ),
    },
    insecure: {
      state: gettext("This page is not secure."),
      text: gettext(
        "Browsers give camera and microphone only to pages opened with https://. Open the link from your invitation exactly as it was sent.",
      ),
    },
    no_recorder: {
      state: gettext("This browser cannot record."),
      text: gettext(
        "Open your link in a current Chrome, Edge, Firefox or Safari. You come back to this page.",
      ),
    },
    silent: {
      state: gettext("We hear nothing."),
      text: gettext(
        "Say a few words. If the bar does not move: unmute the microphone, turn it up in the settings of your system, or choose another one in the list.",
      ),
    },
    ended: {
      state: gettext("The device was disconnected."),
      text: gettext("Connect it again, then press “Check again”."),
    },
    unknown: {
      state: gettext("It did not start."),
      text: gettext("Press “Check again”. If it stays so, restart the browser."),
    },
  };
}

/** {state, text, steps?, more?} for a failed camera or microphone. */
export function deviceMend(device, code, browser = browserName()) {
  const mends = deviceMends(device, browser);
  return mends[code] ?? mends.unknown;
}

export function socketMend() {
  return {
    state: gettext("The live connection did not open."),
    text: gettext(
      "The interview needs a WebSocket connection. A company network, a VPN or an extension may block it: turn it off or change the network, then press “Check again”.",
    ),
  };
}

export function uploadMend(code, rate) {
  if (code === "slow") {
    return {
      state: interpolate(gettext("Slow: %(rate)s Mbit/s."), { rate: formatRate(rate) }),
      text: gettext(
        "The interview works. The recording is sent more slowly than it is made, so keep the last page open until it says that everything is stored. Stop other uploads, or use a cable.",
      ),
    };
  }
  return {
    state: gettext("The trial upload failed."),
    text: gettext("Check the network, then press “Check again”."),
  };
}

export function screenMend() {
  return {
    state: gettext("This browser cannot share a screen."),
    text: gettext(
      "The interview also records your screen. You may go on without it, or open your link in a current Chrome, Edge, Firefox or Safari on a computer.",
    ),
  };
}

export function spaceMend(minutes) {
  return {
    state: interpolate(gettext("For %(minutes)s minutes only."), { minutes }),
    text: gettext(
      "The recording waits on this device whenever the connection fails. Free some space, or leave private browsing, then reload this page. You may also go on: what is sent in time is safe.",
    ),
  };
}

export function formatRate(megabits) {
  return new Intl.NumberFormat(document.documentElement.lang || "en", {
    maximumFractionDigits: megabits < 10 ? 1 : 0,
  }).format(megabits);
}
