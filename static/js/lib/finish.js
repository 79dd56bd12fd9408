// Finishing: says what happens, waits for what is not stored yet, leaves only when the server has agreed.
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { formatSeconds } from "./recordlight.js";

const PATIENCE_MS = 20_000;

function within(promise, ms) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, false))]);
}

/** The server answers with a redirect, which fetch follows: where it ended is where to go. */
async function postFinish(url, csrf) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "X-CSRFToken": csrf },
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.url;
}

/** dialog as in the template; documents and recording as made by their modules; leave(url) goes to the next page. */
export function createFinish({ dialog, documents, recording, url, csrf, leave }) {
  const checks = dialog.querySelector("[data-finish-checks]");
  const error = dialog.querySelector("[data-finish-error]");
  const confirm = dialog.querySelector("[data-finish-confirm]");
  const cancel = dialog.querySelector("[data-finish-cancel]");
  let busy = false;
  let isPatient = true;

  function codeLine() {
    const { state, unsaved } = documents.status;
    if (unsaved === 0) return ["good", gettext("Your code is stored.")];
    const text =
      state === "offline"
        ? gettext("Your latest changes wait for the connection.")
        : gettext("Storing your latest changes…");
    return ["busy", text];
  }

  function recordingLine() {
    const { state, capturedSeconds, storedSeconds } = recording.facts;
    if (state === "off") return null;
    const waiting = Math.round(capturedSeconds - storedSeconds);
    if (waiting <= 0) return ["good", gettext("Your recording is stored.")];
    const text = busy
      ? gettext("Storing the recording: %(n)s still to go. Keep this page open.")
      : gettext("%(n)s of the recording will be stored first.");
    return ["busy", interpolate(text, { n: formatSeconds(waiting) })];
  }

  function draw() {
    const lines = [codeLine(), recordingLine()].filter(Boolean);
    checks.replaceChildren(...lines.map(([level, text]) => element("li", { class: level }, text)));
  }

  function fail(text, label) {
    error.textContent = text;
    error.hidden = false;
    confirm.textContent = label;
  }

  async function storeEverything() {
    if (!isPatient) return true;
    if (!(await documents.flush(PATIENCE_MS))) {
      fail(
        gettext(
          "Your latest changes could not be stored: the connection is away. Wait for it, or finish without them.",
        ),
        gettext("Finish without them"),
      );
      return false;
    }
    if (!(await within(recording.finish(), PATIENCE_MS))) {
      fail(
        gettext(
          "Part of the recording is not stored yet. Wait a moment, or finish now: it goes on uploading while this browser is open.",
        ),
        gettext("Finish now"),
      );
      return false;
    }
    return true;
  }

  async function run() {
    busy = true;
    confirm.disabled = true;
    cancel.disabled = true;
    error.hidden = true;
    draw();
    try {
      if (await storeEverything()) leave(await postFinish(url, csrf));
      else isPatient = false;
    } catch {
      fail(
        gettext(
          "The interview could not be finished: the server did not answer. Nothing is lost; try again.",
        ),
        gettext("Try again"),
      );
    } finally {
      busy = false;
      confirm.disabled = false;
      cancel.disabled = false;
      draw();
    }
  }

  confirm.addEventListener("click", run);
  dialog.addEventListener("cancel", (event) => busy && event.preventDefault());
  dialog.addEventListener("close", () => {
    isPatient = true;
    if (recording.facts.state === "stopped") recording.start();
  });
  documents.on("status", draw);
  recording.on("change", draw);

  return {
    open() {
      confirm.textContent = gettext("Finish");
      error.hidden = true;
      draw();
      dialog.showModal();
    },
  };
}
