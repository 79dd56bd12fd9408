// What the candidate sees of camera and microphone: the picture, the level, the choice of devices.
import { element } from "../dom.js";
import { createEmitter } from "../events.js";
import { gettext, interpolate } from "../i18n.js";
import { createLevelMeter, listDevices } from "../recording/capture.js";

/** On the meter's scale, where a quiet room stays well below. */
const HEARD = 0.15;
const SILENT_AFTER_MS = 6000;

function fillChoice(select, devices, current, kind) {
  const name = kind === "camera" ? gettext("Camera %(number)s") : gettext("Microphone %(number)s");
  select.replaceChildren(
    ...devices.map((device, index) =>
      element(
        "option",
        { value: device.deviceId, selected: device.deviceId === current },
        device.label || interpolate(name, { number: index + 1 }),
      ),
    ),
  );
}

/** Events: "heard" (), "silent" (), "ended" (kind), "chosen" ({camera, microphone}). */
export function createPicture(root) {
  const emitter = createEmitter();
  const find = (name) => root.querySelector(`[data-${name}]`);
  const video = find("picture");
  const meterNode = find("level");
  const selects = { camera: find("camera-device"), microphone: find("microphone-device") };
  let meter = null;
  let silence = null;
  let tracks = [];

  function listen(stream) {
    let heard = false;
    meter = createLevelMeter(stream, (level) => {
      meterNode.value = level;
      if (heard || level < HEARD) return;
      heard = true;
      clearTimeout(silence);
      emitter.emit("heard");
    });
    silence = setTimeout(() => emitter.emit("silent"), SILENT_AFTER_MS);
    meter.resume();
  }

  function watch(stream, kind) {
    const [track] = kind === "camera" ? stream.getVideoTracks() : stream.getAudioTracks();
    tracks.push(track);
    track.addEventListener("ended", () => emitter.emit("ended", kind));
    return track.getSettings().deviceId;
  }

  function stop() {
    clearTimeout(silence);
    meter?.stop();
    meter = null;
    for (const track of tracks) track.stop();
    tracks = [];
    video.srcObject = null;
  }

  async function offerDevices(current) {
    const { cameras, microphones } = await listDevices();
    fillChoice(selects.camera, cameras, current.camera, "camera");
    fillChoice(selects.microphone, microphones, current.microphone, "microphone");
    selects.camera.parentElement.hidden = cameras.length < 2;
    selects.microphone.parentElement.hidden = microphones.length < 2;
    find("devices").hidden = cameras.length < 2 && microphones.length < 2;
  }

  /** Shows what was opened; `results` as openDevices() gives them. */
  async function show(results) {
    const current = {};
    for (const { kind, stream } of results) {
      if (!stream) continue;
      current[kind] = watch(stream, kind);
      if (kind === "camera") video.srcObject = stream;
      else listen(stream);
    }
    video.hidden = !current.camera;
    find("preview-empty").hidden = Boolean(current.camera);
    find("level-row").hidden = !current.microphone;
    if (tracks.length) await offerDevices(current);
  }

  root.addEventListener("pointerdown", () => meter?.resume());
  const chosen = () =>
    Object.fromEntries(Object.entries(selects).map(([kind, select]) => [kind, select.value]));
  for (const select of Object.values(selects)) {
    select.addEventListener("change", () => emitter.emit("chosen", chosen()));
  }

  return { on: emitter.on, show, stop };
}
