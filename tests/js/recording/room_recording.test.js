import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createEmitter } from "../../../static/js/lib/events.js";
import { CaptureError } from "../../../static/js/lib/recording/capture.js";
import { openSources } from "../../../static/js/lib/recording/sources.js";
import { describe } from "../../../static/js/lib/recordlight.js";
import { createRoomRecording } from "../../../static/js/lib/roomrecording.js";

let counts;
let queues;
let recorders;
let streams;
let refusals;
let time;

beforeEach(() => {
  counts = { captured_ms: 0, stored_ms: 0, waiting: 0 };
  queues = [];
  recorders = [];
  streams = [];
  refusals = [];
  time = 5000;
});

function fakeStream() {
  const stream = { live: true, getTracks: () => [{ stop: () => (stream.live = false) }] };
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
  return { stream: fakeStream(), missing: refusal ?? null };
}

function recordInto(_queue, stream) {
  const emitter = createEmitter();
  let running = false;
  const recorder = { ...emitter, stream, isRunning: () => running };
  recorder.start = () => {
    running = true;
  };
  recorder.stop = async () => {
    running = false;
  };
  recorders.push(recorder);
  return recorder;
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
      this.release = () => {
        held.delete(name);
        free();
      };
      return work({ name });
    },
  };
}

function room({ locks = browserLocks(), required = true } = {}) {
  const scope = Object.assign(new EventTarget(), { navigator: { locks } });
  const parts = { openQueue, openSources: sources, recordInto };
  const made = createRoomRecording({
    required,
    base: "/r",
    csrf: "token",
    clock: () => time,
    scope,
    parts,
  });
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

test("a lost connection is told in the light's title, and forgotten when it is back", async () => {
  const { made } = room();
  await made.start();
  queues[0].emit("state", "offline");
  assert.match(describe(made.facts).title, /waits on this computer/);
  queues[0].emit("state", "uploading");
  assert.equal(made.facts.message, "");
});

const opens = (failing) => async (wanted) => {
  const error = failing(wanted);
  if (error) throw error;
  return wanted;
};

test("without a camera the microphone is opened alone", async () => {
  const open = opens(({ video }) => video && new CaptureError("not_found"));
  const { stream, missing } = await openSources(open);
  assert.deepEqual([stream.video, missing], [false, "video"]);
});

test("without a microphone the camera is opened alone", async () => {
  const open = opens(({ audio }) => audio && new CaptureError("not_readable"));
  assert.equal((await openSources(open)).missing, "audio");
});

test("who has just said no is not asked again", async () => {
  let asked = 0;
  const open = opens(() => {
    asked += 1;
    return new CaptureError("not_allowed");
  });
  await assert.rejects(openSources(open), { code: "not_allowed" });
  assert.equal(asked, 1);
});

test("when nothing opens, the first reason is told", async () => {
  const codes = ["not_readable", "not_found", "not_found"];
  const open = opens(() => new CaptureError(codes.shift()));
  await assert.rejects(openSources(open), { code: "not_readable" });
});
