import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createEmitter } from "../../../static/js/lib/events.js";
import { createCamera } from "../../../static/js/lib/recording/camera.js";
import { createNotes } from "../../../static/js/lib/recording/notes.js";
import { createScreen } from "../../../static/js/lib/recording/screen.js";

let notes;
let recorders;
let cameras;

const note = (code, { track = "camera", detail = "" } = {}) => notes.push([code, track, detail]);
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

class FakeStream {
  constructor(tracks) {
    this.getTracks = () => tracks;
    this.getVideoTracks = () => tracks.filter((track) => track.kind === "video");
  }
}

function fakeTrack(kind) {
  const track = Object.assign(new EventTarget(), { kind, readyState: "live" });
  track.stop = () => {
    track.readyState = "ended";
  };
  track.getSettings = () => ({ displaySurface: "window" });
  return track;
}

function recordOn(stream) {
  const recorder = { ...createEmitter(), streams: [stream], starts: 0 };
  recorder.use = (other) => recorder.streams.push(other);
  recorder.start = () => {
    recorder.starts += 1;
  };
  recorder.stop = async () => {
    recorder.hasStopped = true;
  };
  recorders.push(recorder);
  return recorder;
}

/** A browser whose devices come and go; `states` are its permissions. */
function devices(states = {}) {
  const mediaDevices = new EventTarget();
  const query = async ({ name }) =>
    Object.assign(new EventTarget(), { state: states[name] ?? "granted" });
  const scope = { MediaStream: FakeStream, navigator: { mediaDevices, permissions: { query } } };
  return { scope, plug: () => mediaDevices.dispatchEvent(new Event("devicechange")) };
}

function record({ scope, open, kinds = ["video", "audio"], missing = null }) {
  const tracks = kinds.map(fakeTrack);
  const opened = { stream: new FakeStream(tracks), missing };
  const camera = createCamera({ opened, record: recordOn, note, open, scope });
  cameras.push(camera);
  const lacks = [];
  camera.on("lacks", (found) => lacks.push(found.join()));
  camera.start();
  return { camera, tracks, lacks, recorder: recorders[0] };
}

function lose(track, recorder) {
  track.readyState = "ended";
  recorder.emit("problem", { code: "track_ended", kind: track.kind });
}

beforeEach(() => {
  notes = [];
  recorders = [];
  cameras = [];
});

afterEach(() => Promise.all(cameras.map((camera) => camera.stop())));

test("a camera that is plugged in again is recorded with the microphone that stayed", async () => {
  let isThere = false;
  const asked = [];
  const open = async (wanted) => {
    asked.push([Boolean(wanted.video), Boolean(wanted.audio)]);
    if (!isThere) throw new Error("away");
    return new FakeStream([fakeTrack("video")]);
  };
  const { scope, plug } = devices();
  const { tracks, lacks, recorder } = record({ scope, open });
  lose(tracks[0], recorder);
  await settled();
  isThere = true;
  plug();
  await settled();
  assert.deepEqual(lacks, ["video", ""]);
  assert.deepEqual(asked[0], [true, false]);
  const kinds = recorder.streams[1].getTracks().map((track) => track.kind);
  assert.deepEqual(kinds, ["audio", "video"]);
  assert.equal(recorder.streams[1].getTracks()[0], tracks[1]);
  assert.deepEqual(
    notes.map(([code]) => code),
    ["video_lost", "video_back"],
  );
});

test("when everything was lost, what comes back starts the recorder anew", async () => {
  const { scope, plug } = devices();
  let isThere = false;
  const open = async () => {
    if (!isThere) throw new Error("away");
    return new FakeStream([fakeTrack("audio")]);
  };
  const { tracks, lacks, recorder } = record({ scope, open });
  for (const track of tracks) track.readyState = "ended";
  recorder.emit("problem", { code: "no_tracks", kind: null });
  isThere = true;
  plug();
  await settled();
  assert.deepEqual(lacks, ["video"]);
  assert.equal(recorder.starts, 2);
});

test("a permission that was taken back asks nobody again", async () => {
  const { scope, plug } = devices({ camera: "denied" });
  const { tracks, recorder } = record({ scope, open: () => assert.fail("asked") });
  lose(tracks[0], recorder);
  plug();
  await settled();
  assert.deepEqual(
    notes.map(([code]) => code),
    ["video_lost"],
  );
});

test("a recorder that was started again, and one that gave up, are noted", () => {
  const { recorder, camera } = record({ scope: devices().scope });
  const stopped = [];
  camera.on("stopped", (code) => stopped.push(code));
  recorder.emit("problem", { code: "no_data", kind: null });
  recorder.emit("problem", { code: "recorder_failed", kind: null });
  assert.deepEqual(notes, [
    ["recorder_restarted", "camera", "no_data"],
    ["recorder_failed", "camera", ""],
  ]);
  assert.deepEqual(stopped, ["recorder_failed"]);
});

function screenOf(getDisplayMedia) {
  const scope = { navigator: { mediaDevices: { getDisplayMedia } } };
  const screen = createScreen({ record: recordOn, note, scope });
  const states = [];
  screen.on("change", (state) => states.push(state));
  screen.offer();
  return { screen, states };
}

test("a screen is refused, shared and ended by the person, and each is a fact", async () => {
  const track = fakeTrack("video");
  const answers = [
    Promise.reject(Object.assign(new Error("no"), { name: "NotAllowedError" })),
    Promise.resolve(new FakeStream([track])),
  ];
  const { screen, states } = screenOf(() => answers.shift());
  await screen.share();
  await screen.share();
  await screen.share();
  track.dispatchEvent(new Event("ended"));
  await settled();
  assert.deepEqual(states, ["offered", "refused", "sharing", "ended"]);
  assert.equal(recorders[0].hasStopped, true);
  assert.deepEqual(notes, [
    ["screen_refused", "screen", "NotAllowedError"],
    ["screen_shared", "screen", "window"],
    ["screen_ended", "screen", ""],
  ]);
});

test("a screen chosen after the interview was finished is let go", async () => {
  const track = fakeTrack("video");
  let choose;
  const { screen } = screenOf(
    () =>
      new Promise((resolve) => {
        choose = resolve;
      }),
  );
  const sharing = screen.share();
  await screen.stop();
  choose(new FakeStream([track]));
  await sharing;
  assert.deepEqual([track.readyState, recorders.length], ["ended", 0]);
});

test("a browser that cannot share says so once", () => {
  const { screen, states } = screenOf(undefined);
  screen.offer();
  assert.deepEqual(states, ["unsupported"]);
  assert.deepEqual(notes, [["screen_unsupported", "screen", ""]]);
});

test("facts are kept over a reload until the server has them, and sent with their first id", async () => {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
  const bodies = [];
  const status = 409;
  const scope = (fetch) => ({ sessionStorage: storage, fetch, crypto });
  const make = (fetch) =>
    createNotes({ base: "/r", csrf: () => "t", clock: () => 1500.4, scope: scope(fetch) });
  const lost = new Promise(() => {});
  make(() => lost)("screen_ended", { track: "screen" });
  make(async (_address, { body }) => {
    bodies.push(JSON.parse(body).notes);
    return { ok: false, status };
  });
  await settled();
  const [{ id, ...fact }] = bodies[0];
  assert.equal(id.length, 36);
  assert.deepEqual(fact, { code: "screen_ended", track: "screen", detail: "", t_ms: 1500 });
  assert.equal(kept.get("interviewlm:recording-notes:/r"), "[]");
});
