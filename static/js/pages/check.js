// The device check: asks what is allowed, opens what is needed, tries the connection, and says what to mend.
import { openDevices, permissionStates } from "../lib/check/devices.js";
import { createLines } from "../lib/check/lines.js";
import {
  deviceMend,
  formatRate,
  screenMend,
  socketMend,
  spaceMend,
  uploadMend,
} from "../lib/check/mends.js";
import { trySocket, tryUpload } from "../lib/check/network.js";
import { createPicture } from "../lib/check/picture.js";
import { addDiagnostics } from "../lib/diagnostics.js";
import { readJson, setText } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { startPage } from "../lib/page.js";
import { keepRate } from "../lib/recording/pace.js";
import { canShare } from "../lib/recording/screen.js";
import { askToKeep, checkSpace } from "../lib/recording/space.js";

const SENT_AS = { dismissed: "not_allowed", ended: "not_readable" };
const PASSING = new Set(["ok", "skipped", "slow"]);

function createVerdict(root, results, config) {
  const find = (name) => root.querySelector(`[data-${name}]`);
  const failing = (...names) => names.filter((name) => !PASSING.has(results[name]));

  function sentence(devices) {
    if (!results.socket || !results.upload) return gettext("Checking…");
    if (failing("socket").length) {
      return gettext("Without the live connection the interview cannot begin.");
    }
    if (devices.some((name) => !results[name])) return gettext("Waiting for your devices.");
    if (failing("camera", "microphone", "upload").length) {
      return interpolate(
        gettext(
          "Mend what you can. You may also go on without it; %(name)s is told what did not work.",
        ),
        { name: config.organisation },
      );
    }
    return gettext("Everything works.");
  }

  function withoutLabel() {
    const missing = failing("camera", "microphone");
    if (missing.length === 2) return gettext("Continue without camera and microphone");
    if (missing[0] === "camera") return gettext("Continue without camera");
    if (missing[0] === "microphone") return gettext("Continue without microphone");
    return gettext("Continue anyway");
  }

  return function update() {
    const devices = config.isRecorded ? ["camera", "microphone"] : [];
    const known = [...devices, "socket", "upload"].every((name) => results[name]);
    const failed = failing(...devices, "socket", "upload");
    const without = find("continue-without");
    for (const [name, code] of Object.entries(results)) {
      find("result").elements.namedItem(name).value = SENT_AS[code] ?? code;
    }
    setText(find("verdict"), sentence(devices));
    find("continue").disabled = !known;
    find("continue").hidden = known && failed.length > 0;
    without.hidden = !known || failed.length === 0 || failed.includes("socket");
    setText(without, withoutLabel());
    find("again").hidden = failed.length === 0 || !known;
  };
}

function mountCheck(root, config) {
  const results = { camera: "", microphone: "", socket: "", upload: "" };
  if (!config.isRecorded) Object.assign(results, { camera: "skipped", microphone: "skipped" });
  const lines = createLines(root);
  const picture = config.isRecorded ? createPicture(root) : null;
  const update = createVerdict(root, results, config);
  const csrf = root.querySelector("[name=csrfmiddlewaretoken]").value;
  addDiagnostics("check", () => ({ ...results }));

  function settle(name, code, details) {
    results[name] = code;
    const mark = code === "" ? "busy" : PASSING.has(code) ? "good" : "danger";
    lines.set(name, mark, details);
    update();
  }

  const busy = (name, state) => settle(name, "", { state });

  async function checkNetwork() {
    busy("socket", gettext("trying…"));
    busy("upload", gettext("trying…"));
    const socket = await trySocket(config.socketUrl);
    settle("socket", socket, socket === "ok" ? { state: gettext("works") } : socketMend());
    const options = { csrf, size: config.uploadBytes };
    const { code, megabits } = await tryUpload(config.uploadUrl, options);
    keepRate(config.interview, megabits);
    const rate = interpolate(gettext("%(rate)s Mbit/s"), { rate: formatRate(megabits) });
    settle("upload", code, code === "ok" ? { state: rate } : uploadMend(code, megabits));
  }

  /** Nothing of this holds anybody up: the room tells it again where it matters. */
  async function checkRoomForRecording() {
    const screen = config.recordsScreen;
    if (screen && canShare()) {
      lines.set("screen", "good", { state: gettext("the room asks you to share it") });
    } else if (screen) lines.set("screen", "danger", screenMend());
    const { code, minutes } = await checkSpace(config.seconds * 1000, { screen });
    if (code === "short") lines.set("space", "danger", spaceMend(minutes));
    else lines.set("space", "good", { state: code === "ok" ? gettext("enough") : "" });
  }

  /** The same steps stand once, under the camera. */
  function mendOf(kind, code) {
    const mend = deviceMend(kind, code);
    if (kind === "camera" || code !== results.camera || !mend.steps) return mend;
    return { state: mend.state, text: gettext("The same as for the camera.") };
  }

  function tell({ kind, code, stream }) {
    if (!stream) settle(kind, code, mendOf(kind, code));
    else if (kind === "camera") settle(kind, "ok", { state: gettext("works") });
    else busy(kind, gettext("Say a few words."));
  }

  async function checkDevices(chosen) {
    picture.stop();
    root.querySelector("[data-open]").hidden = true;
    setText(
      root.querySelector("[data-ask-text]"),
      gettext("Choose “Allow” when your browser asks."),
    );
    for (const kind of ["camera", "microphone"]) busy(kind, gettext("trying…"));
    const opened = await openDevices(chosen);
    setText(root.querySelector("[data-ask-text]"), gettext("No picture."));
    for (const result of opened) tell(result);
    await picture.show(opened);
    // After the devices, so that the browser asks one thing at a time.
    if (opened.some(({ stream }) => stream)) askToKeep();
  }

  /** A question of the browser comes only after ours, so that nobody is surprised. */
  async function beginDevices() {
    const states = await permissionStates();
    const isDecided = Object.values(states).every(
      (state) => state === "granted" || state === "denied",
    );
    if (isDecided || !isSecureContext) {
      await checkDevices();
      return;
    }
    setText(
      root.querySelector("[data-ask-text]"),
      gettext(
        "Your browser will ask whether this page may use camera and microphone. Choose “Allow”.",
      ),
    );
    for (const kind of ["camera", "microphone"]) busy(kind, gettext("not asked yet"));
    root.querySelector("[data-open]").hidden = false;
  }

  picture?.on("heard", () => settle("microphone", "ok", { state: gettext("works") }));
  picture?.on("silent", () => settle("microphone", "silent", deviceMend("microphone", "silent")));
  picture?.on("ended", (kind) => settle(kind, "ended", deviceMend(kind, "ended")));
  picture?.on("chosen", (chosen) => checkDevices(chosen));
  root.querySelector("[data-open]")?.addEventListener("click", () => checkDevices());
  root.querySelector("[data-again]").addEventListener("click", () => {
    checkNetwork();
    if (picture) checkDevices();
  });

  checkNetwork();
  if (!picture) return;
  beginDevices();
  checkRoomForRecording();
}

startPage();
mountCheck(document.querySelector("[data-check]"), readJson("check-config"));
