import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { createRecorder } from "../../../static/js/lib/recording/recorder.js";

let made;

/** A recorder that is stuck: told to stop, it never says that it has. */
class StuckRecorder {
  static isTypeSupported() {
    return true;
  }

  constructor(_stream, { mimeType }) {
    Object.assign(this, { mimeType, state: "inactive" });
    made.push(this);
  }

  start() {
    this.state = "recording";
    this.onstart();
  }

  stop() {}

  give(text) {
    this.ondataavailable({ data: new Blob([text]) });
  }
}

function record() {
  const track = Object.assign(new EventTarget(), {
    kind: "audio",
    readyState: "live",
    muted: false,
  });
  const scope = {
    MediaRecorder: StuckRecorder,
    MediaStream: class {},
    crypto,
    performance: { now: () => 0 },
  };
  const recorder = createRecorder({ getTracks: () => [track] }, { clock: () => 0, scope });
  const seen = [];
  for (const name of ["segment", "slice", "ended"]) recorder.on(name, () => seen.push(name));
  recorder.start();
  return { recorder, seen };
}

beforeEach(() => {
  made = [];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

test("a stuck recorder is given up, and its late slice does not open the segment anew", async () => {
  const { recorder, seen } = record();
  made[0].give("a");
  const stopped = recorder.stop();
  made[0].give("b");
  mock.timers.tick(3000);
  await stopped;
  made[0].give("late");
  assert.deepEqual(seen, ["segment", "slice", "slice", "ended"]);
});
