import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { STEPS } from "../../../static/js/lib/recording/quality.js";
import { createRecorder } from "../../../static/js/lib/recording/recorder.js";

let made;
let isStuck;

class FakeRecorder {
  static isTypeSupported(type) {
    return type.includes("webm");
  }

  constructor(stream, options) {
    Object.assign(this, { stream, options, mimeType: options.mimeType, state: "inactive" });
    made.push(this);
  }

  start(timeslice) {
    this.timeslice = timeslice;
    this.state = "recording";
    this.onstart();
  }

  /** Told to stop, a stuck one never says that it has. */
  stop() {
    if (isStuck) return;
    this.give("last");
    this.die();
  }

  give(text) {
    this.ondataavailable({ data: new Blob([text]) });
  }

  die() {
    this.state = "inactive";
    this.onstop();
  }
}

class FakeStream extends EventTarget {
  constructor(tracks) {
    super();
    this.getTracks = () => tracks;
    this.getVideoTracks = () => tracks.filter((track) => track.kind === "video");
  }
}

function fakeTrack(kind) {
  const constraints = [];
  return Object.assign(new EventTarget(), {
    kind,
    readyState: "live",
    muted: false,
    constraints,
    getSettings: () => ({ width: 1280, height: 720 }),
    applyConstraints: async (wanted) => constraints.push(wanted),
  });
}

function record({ quality } = {}) {
  const tracks = [fakeTrack("video"), fakeTrack("audio")];
  const scope = {
    MediaRecorder: FakeRecorder,
    MediaStream: FakeStream,
    crypto,
    performance: { now: () => 0 },
  };
  const recorder = createRecorder(new FakeStream(tracks), { clock: () => 0, quality, scope });
  const seen = [];
  const problems = [];
  for (const name of ["segment", "slice", "ended"]) recorder.on(name, () => seen.push(name));
  recorder.on("problem", ({ code }) => problems.push(code));
  recorder.start();
  return { recorder, seen, problems, video: tracks[0], audio: tracks[1] };
}

const kindsOf = ({ stream }) => stream.getTracks().map((track) => track.kind);

function lose(track) {
  track.readyState = "ended";
  track.dispatchEvent(new Event("ended"));
}

beforeEach(() => {
  made = [];
  isStuck = false;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

test("a recorder is asked for what was agreed", () => {
  record();
  const { mimeType, ...bits } = made[0].options;
  assert.equal(mimeType, "video/webm;codecs=vp9,opus");
  assert.deepEqual(bits, {
    videoBitsPerSecond: 2_500_000,
    audioBitsPerSecond: 128_000,
    videoKeyFrameIntervalDuration: 2000,
  });
  assert.equal(made[0].timeslice, 2000);
});

test("a stuck recorder is given up, and its late slice does not open the segment anew", async () => {
  isStuck = true;
  const { recorder, seen } = record();
  made[0].give("a");
  const stopped = recorder.stop();
  made[0].give("b");
  mock.timers.tick(3000);
  await stopped;
  made[0].give("late");
  assert.deepEqual(seen, ["segment", "slice", "slice", "ended"]);
});

test("a lost camera goes on as sound in a new segment, and not a slice is lost before it", () => {
  const { seen, problems, video } = record();
  made[0].give("a");
  lose(video);
  made[0].give("b");
  mock.timers.tick(200);
  made[1].give("c");
  assert.deepEqual(kindsOf(made[1]), ["audio"]);
  assert.equal(made[1].mimeType, "audio/webm;codecs=opus");
  assert.deepEqual(problems, ["track_ended"]);
  assert.deepEqual(seen, ["segment", "slice", "slice", "slice", "ended", "segment", "slice"]);
});

test("camera and microphone unplugged together are one trouble with one end", () => {
  const { recorder, problems, video, audio } = record();
  lose(video);
  lose(audio);
  made[0].die();
  mock.timers.tick(200);
  assert.deepEqual(problems, ["track_ended", "track_ended", "no_tracks"]);
  assert.deepEqual([made.length, recorder.isRunning()], [1, false]);
});

test("a muted microphone is left out until it is heard again", () => {
  const { audio } = record();
  for (const [muted, event] of [
    [true, "mute"],
    [false, "unmute"],
  ]) {
    audio.muted = muted;
    audio.dispatchEvent(new Event(event));
    mock.timers.tick(200);
  }
  assert.deepEqual(made.slice(1).map(kindsOf), [["video"], ["video", "audio"]]);
});

test("a recorder that dies or yields nothing is followed by another, but not for ever", () => {
  const { recorder, problems } = record();
  made[0].give("a");
  made[0].die();
  for (let at = 0; at < 40 && recorder.isRunning(); at += 1) mock.timers.tick(2000);
  const expected = ["recorder_error", "no_data", "no_data", "no_data", "recorder_failed"];
  assert.deepEqual(problems, expected);
  assert.equal(recorder.isRunning(), false);
});

test("another quality is a new segment at once, with a smaller picture where it is one", async () => {
  const { recorder, problems, video } = record();
  made[0].give("a");
  await recorder.adapt(STEPS[1]);
  await recorder.adapt(STEPS[3]);
  await recorder.adapt(STEPS[4]);
  const bits = made.map(({ options }) => options.videoBitsPerSecond);
  assert.deepEqual(bits, [2_500_000, 1_200_000, 300_000, undefined]);
  assert.deepEqual(video.constraints, [{ width: { ideal: 640 }, height: { ideal: 360 } }]);
  assert.deepEqual(kindsOf(made[3]), ["audio"]);
  assert.deepEqual(problems, []);
});

test("a recorder that died while the page was frozen is followed by a new one", () => {
  const { recorder } = record();
  recorder.look();
  mock.timers.tick(200);
  assert.equal(made.length, 1);
  made[0].state = "inactive";
  recorder.look();
  mock.timers.tick(200);
  assert.equal(made.length, 2);
});
