import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createEmitter } from "../../../static/js/lib/events.js";
import { CaptureError } from "../../../static/js/lib/recording/capture.js";
import { describe, describeHoles, describeScreen } from "../../../static/js/lib/recordlight.js";
import { createRoomRecording } from "../../../static/js/lib/roomrecording.js";

let counts;
let queues;
let recorders;
let streams;
let refusals;
let time;
let rooms;
let notes;
let rate;

beforeEach(() => {
  rooms = [];
  notes = [];
  rate = 0;
  counts = { captured_ms: 0, stored_ms: 0, waiting: 0 };
  queues = [];
  recorders = [];
  streams = [];
  refusals = [];
  time = 5000;
});

afterEach(async () => {
  for (const made of rooms) await made.finish();
});

function fakeTrack(kind, stream) {
  const track = { kind, readyState: "live", stop: () => (stream.live = false) };
  return Object.assign(new EventTarget(), track);
}

function fakeStream(kinds = ["video", "audio"]) {
  const stream = { live: true, getTracks: () => tracks };
  const tracks = kinds.map((kind) => fakeTrack(kind, stream));
  streams.push(stream);
  return stream;
}

async function openQueue() {
  const emitter = createEmitter();
  const queue = {
    ...emitter,
    started: false,
    counts: async () => counts,
    drain: async () => counts,
  };
  queue.start = () => {
    queue.started = true;
  };
  queues.push(queue);
  return queue;
}

async function sources() {
  const refusal = refusals.shift();
  if (refusal instanceof Error) throw refusal;
  const kinds = ["video", "audio"].filter((kind) => kind !== refusal);
  return { stream: fakeStream(kinds), missing: refusal ?? null };
}

function recordInto(_queue, stream, { track, quality }) {
  const emitter = createEmitter();
  let running = false;
  const recorder = { ...emitter, stream, track, quality, isRunning: () => running };
  recorder.adapt = (wanted) => {
    recorder.quality = wanted;
  };
  recorder.use = (other) => {
    recorder.stream = other;
  };
  recorder.start = () => {
    running = true;
  };
  recorder.stop = async () => {
    running = false;
  };
  recorders.push(recorder);
  return recorder;
}

class FakeMediaStream {
  constructor(tracks) {
    this.getTracks = () => tracks;
  }
}

/** Windows of one browser share their locks. */
function browserLocks() {
  const held = new Map();
  return {
    async request(name, { ifAvailable = false }, work) {
      while (held.has(name)) {
        if (ifAvailable) return work(null);
        await held.get(name);
      }
      let free;
      held.set(name, new Promise((resolve) => (free = resolve)));
      const release = () => {
        held.delete(name);
        free();
      };
      this.release = release;
      return Promise.resolve(work({ name })).then(release);
    },
  };
}

const enoughSpace = async () => {};

function room({
  locks = browserLocks(),
  required = true,
  screen = false,
  media = {},
  lookForSpace = enoughSpace,
} = {}) {
  const navigator = { locks, mediaDevices: Object.assign(new EventTarget(), media) };
  const scope = Object.assign(new EventTarget(), { navigator, MediaStream: FakeMediaStream });
  const createNotes =
    () =>
    (code, { track = "camera", detail = "" } = {}) =>
      notes.push([code, track, detail]);
  const readRate = () => rate;
  const parts = {
    openQueue,
    openSources: sources,
    recordInto,
    createNotes,
    readRate,
    lookForSpace,
  };
  const made = createRoomRecording({
    required,
    screen,
    base: "/r",
    csrf: "token",
    clock: () => time,
    scope,
    parts,
  });
  rooms.push(made);
  const troubles = [];
  made.on("trouble", (text) => troubles.push(text));
  return { made, scope, troubles };
}

const asksBeforeLeaving = (scope) => {
  const event = new Event("beforeunload", { cancelable: true });
  scope.dispatchEvent(event);
  return event.defaultPrevented;
};

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("recording starts with the room and counts what is stored", async () => {
  const { made } = room();
  await made.start();
  recorders[0].emit("slice");
  queues[0].emit("counts", { captured_ms: 12_000, stored_ms: 10_000, waiting: 1 });
  assert.equal(made.facts.state, "recording");
  assert.deepEqual([made.facts.capturedSeconds, made.facts.storedSeconds], [12, 10]);
  assert.equal(describe(made.facts).text, "0:10 stored");
});

test("a browser without room for the rest of the interview is told so", async () => {
  const lookForSpace = async (_ms, { screen, short }) => short(screen ? 7 : 9);
  const { made } = room({ lookForSpace, screen: true });
  const told = [];
  made.on("space", (minutes) => told.push(minutes));
  await made.start();
  assert.deepEqual(told, [7]);
  assert.deepEqual(notes.at(-1), ["space_short", "camera", "7"]);
});

test("nothing is asked for where nothing is recorded", async () => {
  const { made } = room({ required: false });
  await made.start();
  assert.deepEqual([made.facts.state, queues.length], ["off", 0]);
  assert.equal(await made.finish(), true);
});

test("starting twice opens one camera", async () => {
  const { made } = room();
  await Promise.all([made.start(), made.start()]);
  await made.start();
  assert.deepEqual([recorders.length, streams.length], [1, 1]);
});

test("recording waits for the server's clock", async () => {
  time = 0;
  const { made } = room();
  const started = made.start();
  await settled();
  assert.equal(recorders.length, 0);
  time = 70_000;
  await started;
  assert.equal(recorders.length, 1);
});

test("without a camera the room goes on, says so, and sends what is left over", async () => {
  refusals = [new CaptureError("not_allowed")];
  const { made, troubles } = room();
  await made.start();
  assert.equal(made.facts.state, "paused");
  assert.equal(describe(made.facts).text, "Not recording");
  assert.match(troubles[0], /blocked. Allow them/);
  assert.equal(queues[0].started, true);
  await made.start();
  assert.equal(made.facts.state, "recording");
});

test("a camera without a microphone is recorded, and the lack is told", async () => {
  refusals = ["audio"];
  const { made, troubles } = room();
  await made.start();
  assert.equal(made.facts.state, "recording");
  assert.match(troubles[0], /only the picture is recorded/);
});

test("a camera pulled out is told, and the end of everything stops the light", async () => {
  const { made, troubles } = room();
  await made.start();
  streams[0].getTracks()[0].readyState = "ended";
  recorders[0].emit("problem", { code: "track_ended", kind: "video" });
  assert.match(troubles[0], /only sound is recorded/);
  recorders[0].emit("problem", { code: "no_tracks", kind: null });
  assert.equal(made.facts.state, "paused");
});

test("a second window does not record until the first has gone", async () => {
  const locks = browserLocks();
  const first = room({ locks });
  await first.made.start();
  const second = room({ locks });
  const started = second.made.start();
  await settled();
  assert.equal(second.made.facts.state, "elsewhere");
  assert.equal(describe(second.made.facts).text, "Recording in another window");
  assert.equal(recorders.length, 1);
  locks.release();
  await started;
  assert.equal(second.made.facts.state, "recording");
  assert.equal(recorders.length, 2);
});

test("the recording goes with the writing, and back", async () => {
  const locks = browserLocks();
  const first = room({ locks });
  await first.made.start();
  const second = room({ locks });
  await second.made.rest();
  assert.equal(second.made.facts.state, "elsewhere");
  assert.equal(recorders.length, 1);
  await first.made.rest();
  await second.made.start();
  assert.deepEqual([first.made.facts.state, recorders[0].isRunning()], ["elsewhere", false]);
  assert.deepEqual([second.made.facts.state, recorders[1].isRunning()], ["recording", true]);
  await second.made.rest();
  await first.made.start();
  assert.deepEqual([first.made.facts.state, recorders.length], ["recording", 3]);
});

test("a window that has to rest while it asks for the camera lets go of it", async () => {
  const locks = browserLocks();
  const { made } = room({ locks });
  const started = made.start();
  await made.rest();
  await started;
  assert.deepEqual([made.facts.state, recorders.length], ["elsewhere", 0]);
  const other = room({ locks });
  await other.made.start();
  assert.equal(other.made.facts.state, "recording");
});

test("a second window that finishes leaves the rest to the first", async () => {
  const locks = browserLocks();
  await room({ locks }).made.start();
  const { made } = room({ locks });
  made.start();
  await settled();
  assert.equal(await made.finish(), true);
});

test("leaving is asked about while something is not stored, and not on purpose", async () => {
  const { made, scope } = room();
  await made.start();
  assert.equal(asksBeforeLeaving(scope), false);
  queues[0].emit("counts", { captured_ms: 2000, stored_ms: 0, waiting: 1 });
  assert.equal(asksBeforeLeaving(scope), true);
  made.letGo();
  assert.equal(asksBeforeLeaving(scope), false);
});

test("finishing stops the camera and waits for the queue", async () => {
  const { made } = room();
  await made.start();
  counts = { captured_ms: 4000, stored_ms: 4000, waiting: 0 };
  assert.equal(await made.finish(), true);
  assert.deepEqual([streams[0].live, recorders[0].isRunning()], [false, false]);
  assert.deepEqual([made.facts.state, made.facts.storedSeconds], ["stopped", 4]);
});

test("finishing goes on when the browser has taken its store away", async () => {
  const { made } = room();
  await made.start();
  queues[0].drain = async () => {
    throw new DOMException("gone", "InvalidStateError");
  };
  assert.equal(await made.finish(), false);
  assert.equal(streams[0].live, false);
});

test("finishing while the camera opens does not begin to record", async () => {
  time = 0;
  const { made } = room();
  const started = made.start();
  await settled();
  await made.finish();
  time = 1000;
  await started;
  assert.deepEqual([recorders.length, streams[0].live], [0, false]);
});

test("after a finish taken back it records again", async () => {
  const { made } = room();
  await made.start();
  await made.finish();
  await made.start();
  assert.equal(made.facts.state, "recording");
  assert.equal(recorders.length, 2);
});

for (const [refusal, words] of [
  [{ status: 413, code: "recording_full" }, /largest size/],
  [{ status: 403, code: "csrf_failed" }, /Reload it/],
  [{ status: 409, code: "recording_closed" }, /takes no more/],
  [{ status: 415, code: "format_unsupported" }, /The rest goes on/],
]) {
  test(`a refusal with ${refusal.code} is told in words`, async () => {
    const { made, troubles } = room();
    await made.start();
    queues[0].emit("refused", { segment: "s", index: 0, ...refusal });
    assert.match(troubles[0], words);
  });
}

test("what the check measured decides what is recorded first, and the light says so", async () => {
  rate = 1;
  const { made } = room();
  await made.start();
  assert.equal(recorders[0].quality.name, "low");
  assert.match(describe(made.facts).title, /little data/);
});

test("the screen is offered with the room, and recorded beside the camera once it is shared", async () => {
  const getDisplayMedia = async () => {
    const stream = fakeStream(["video"]);
    stream.getVideoTracks = stream.getTracks;
    return stream;
  };
  const { made } = room({ screen: true, media: { getDisplayMedia } });
  const states = [];
  made.on("screen", (state) => states.push(state));
  await made.start();
  assert.equal(describeScreen(made.facts.screen).text, "Screen not shared");
  await made.shareScreen();
  const screen = { captured_ms: 4000, stored_ms: 2000 };
  const camera = { captured_ms: 9000, stored_ms: 8000 };
  queues[0].emit("counts", { ...camera, tracks: { camera, screen }, waiting: 2 });
  assert.deepEqual(states, ["offered", "sharing"]);
  assert.deepEqual(
    recorders.map(({ track, quality }) => [track, quality.videoBits]),
    [
      ["camera", 2_500_000],
      ["screen", 1_000_000],
    ],
  );
  assert.equal(describeScreen(made.facts.screen).text, "Screen: 0:02 stored");
  assert.equal(await made.finish(), true);
  assert.deepEqual([recorders[1].isRunning(), describeScreen(made.facts.screen)], [false, null]);
});

test("a screen that is refused stops neither the camera nor the room", async () => {
  const getDisplayMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  const { made } = room({ screen: true, media: { getDisplayMedia } });
  await made.start();
  await made.shareScreen();
  assert.deepEqual([made.facts.state, made.facts.screen.state], ["recording", "refused"]);
  assert.deepEqual(notes, [["screen_refused", "screen", "NotAllowedError"]]);
});

test("a recorder that was started again is told on the light until the next slice", async () => {
  const { made, troubles } = room();
  await made.start();
  recorders[0].emit("problem", { code: "no_data", kind: null });
  assert.match(describe(made.facts).title, /started again/);
  recorders[0].emit("slice");
  assert.equal(made.facts.message, "");
  assert.deepEqual(troubles, []);
});

test("a lost connection is told in the light's title, and forgotten when it is back", async () => {
  const { made } = room();
  await made.start();
  queues[0].emit("state", "offline");
  assert.match(describe(made.facts).title, /waits on this computer/);
  queues[0].emit("state", "uploading");
  assert.equal(made.facts.message, "");
});

test("what the server misses is told in time; silence is the light's own matter", () => {
  const hole = (reason, seconds) => ({ reason, start_ms: 1000, end_ms: 1000 + seconds * 1000 });
  assert.equal(describeHoles([]), "");
  assert.equal(describeHoles([hole("silent", 60)]), "");
  assert.match(describeHoles([hole("missing", 10), hole("damaged", 61)]), /^1:11 of your/);
});
