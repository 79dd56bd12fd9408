// The camera as the room knows it: what it loses, lacks and mends becomes a line for the person.
import { createCamera } from "./camera.js";
import * as help from "./help.js";

/** Records what was opened; room is that of roomfacts.js. isOff() says that nothing is to be told any more. */
export function startCamera({ opened, record, note, scope, room, isOff }) {
  const { facts, change, trouble, emit } = room;
  const camera = createCamera({ opened, record, note, scope });
  let isMending = false;

  function tellDevices(muted = null) {
    const [lost] = camera.missing();
    if (lost) room.stand(help.missingHelp(lost));
    else room.stand(muted ? help.mutedHelp(muted) : "");
    emit("stream", camera.stream);
  }

  function sliceCame() {
    if (isOff() || (facts.state === "recording" && !isMending)) return;
    isMending = false;
    change({ state: "recording", message: room.standing });
    if (!room.standing) emit("well");
  }

  function mends() {
    isMending = true;
    change({ message: help.restartedHelp() });
  }

  room.forget();
  camera.on("slice", sliceCame);
  camera.on("lacks", () => tellDevices());
  camera.on("muted", tellDevices);
  camera.on("restarted", mends);
  camera.on("stopped", (code) => trouble(help.problemHelp(code), "paused"));
  change({ state: "recording" });
  if (!opened.missing) emit("well");
  emit("stream", opened.stream);
  camera.start();
  return camera;
}
