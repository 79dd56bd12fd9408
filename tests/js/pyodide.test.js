import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createBrowserRuns, readMessage, readTest, SECONDS } from "../../static/js/lib/pyodide.js";

const CONFIG = { frame_url: "/frame/", sections: { "1-f": ["-q", "tests"] } };

/** A page whose frames do what the test says; what is sent into one is in sent. */
function makePage(context) {
  const frames = [];
  const page = new EventTarget();
  class Frame {
    attributes = {};
    sent = [];
    isThere = true;
    contentWindow = { postMessage: (message) => this.sent.push(message) };
    setAttribute(name, value) {
      this.attributes[name] = value;
    }
    remove() {
      this.isThere = false;
    }
    say(message, source = this.contentWindow) {
      const data = typeof message === "string" ? message : JSON.stringify(message);
      page.dispatchEvent(Object.assign(new Event("message"), { data, source }));
    }
  }
  const place = { append: (frame) => frames.push(frame) };
  globalThis.document = { createElement: () => new Frame() };
  context.after(() => {
    delete globalThis.document;
  });
  const texts = { "1-f/main.py": "x = 1", "2-g/other.py": "secret" };
  const documents = {
    entries: Object.keys(texts).map((path) => ({ path })),
    open: async (path) => ({ state: { doc: texts[path] } }),
  };
  const runs = createBrowserRuns({ config: CONFIG, documents, place, page });
  return { runs, frames };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

async function begin({ runs, frames }) {
  const output = [];
  const running = runs.run("1-f", {
    onStart: () => output.push("started"),
    onOutput: (stream, text) => output.push([stream, text]),
  });
  const frame = frames.at(-1);
  frame.say({ type: "ready" });
  await settle();
  return { running, frame, output };
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("what is said of a test is bounded and of the known kinds", () => {
  assert.deepEqual(readTest({ name: "n".repeat(999), outcome: "won", duration_ms: "x" }), {
    name: "n".repeat(300),
    outcome: "error",
    duration_ms: 0,
    message: "",
  });
  assert.equal(readTest({ message: "m".repeat(9_999) }).message.length, 4_000);
  assert.equal(readTest({ duration_ms: Infinity }).duration_ms, 0);
  assert.equal(readTest(null).name, "?");
  assert.deepEqual([readMessage("{"), readMessage(7), readMessage("null")], [{}, {}, {}]);
});

test("a run gets the files of its problem only, in a frame that may only run scripts", async (t) => {
  const page = makePage(t);
  const { running, frame, output } = await begin(page);
  assert.equal(frame.attributes.sandbox, "allow-scripts");
  const { request } = frame.sent[0];
  assert.deepEqual(JSON.parse(request), {
    folder: "1-f",
    arguments: ["-q", "tests"],
    files: { "1-f/main.py": "x = 1" },
  });
  frame.say({ type: "test", test: { name: "a", outcome: "passed", duration_ms: 3 } });
  frame.say({ type: "output", stream: "stderr", text: "hm" });
  frame.say({ type: "finished", exit_code: 0, duration_ms: 12.4 });
  assert.deepEqual(await running, {
    reason: "exited",
    exit_code: 0,
    duration_ms: 12,
    tests: [{ name: "a", outcome: "passed", duration_ms: 3, message: "" }],
  });
  assert.deepEqual(output, ["started", ["stderr", "hm"]]);
});

test("nothing of a run is left for the next one", async (t) => {
  const page = makePage(t);
  const first = await begin(page);
  first.frame.say({ type: "finished", exit_code: 1, duration_ms: 1 });
  await first.running;
  assert.equal(first.frame.isThere, false);
  const second = await begin(page);
  assert.notEqual(second.frame, first.frame);
  first.frame.say({ type: "finished", exit_code: 0, duration_ms: 1 });
  second.frame.say({ type: "finished", exit_code: 5, duration_ms: 1 });
  assert.equal((await second.running).exit_code, 5);
});

test("a run that takes too long is stopped with its frame", async (t) => {
  const { running, frame } = await begin(makePage(t));
  mock.timers.tick(SECONDS * 1000);
  assert.equal((await running).reason, "timeout");
  assert.equal(frame.isThere, false);
});

test("a run can be stopped, and one that floods is", async (t) => {
  const page = makePage(t);
  const first = await begin(page);
  page.runs.cancel();
  assert.equal((await first.running).reason, "cancelled");
  const second = await begin(page);
  second.frame.say({ type: "flooded" });
  assert.equal((await second.running).reason, "output");
});

test("python that does not load is said, and not loaded again by itself", async (t) => {
  const page = makePage(t);
  const running = page.runs.run("1-f", { onStart() {}, onOutput() {} });
  page.frames[0].say({ type: "failed", message: "no network" });
  assert.equal((await running).reason, "failed");
  assert.equal(page.frames.length, 1);
});

test("other windows are not listened to, and output has an end", async (t) => {
  const { running, frame, output } = await begin(makePage(t));
  frame.say({ type: "finished", exit_code: 0, duration_ms: 1 }, { other: "window" });
  for (let number = 0; number < 40; number += 1) {
    frame.say({ type: "output", stream: "stdout", text: "x".repeat(10_000) });
  }
  frame.say({ type: "finished", exit_code: 3, duration_ms: 1 });
  assert.equal((await running).exit_code, 3);
  const shown = output.slice(1).reduce((sum, [, text]) => sum + text.length, 0);
  assert.equal(shown, 262_144);
});

test("only problems with such tests can be run here", (t) => {
  const { runs } = makePage(t);
  assert.deepEqual([runs.can("1-f"), runs.can("2-g")], [true, false]);
});
