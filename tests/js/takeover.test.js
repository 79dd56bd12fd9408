import assert from "node:assert/strict";
import test from "node:test";
import { createEmitter } from "../../static/js/lib/events.js";
import { createRoomSocket } from "../../static/js/lib/roomsocket.js";
import { nameTab } from "../../static/js/lib/tabname.js";
import { followWriting, noticeText, questionText } from "../../static/js/lib/takeover.js";
import { memoryLocks, memoryStorage } from "./memory_browser.js";

const ACTIVE = { state: "active" };

function room() {
  const emitter = createEmitter();
  const log = [];
  const shown = new Map();
  const socket = {
    ...emitter,
    state: "online",
    request: (frame) => {
      log.push(frame.type);
      return Promise.resolve();
    },
  };
  const notices = {
    show: (subject, line) => shown.set(subject, line),
    clear: (subject) => shown.delete(subject),
  };
  const recording = { start: () => log.push("start"), rest: () => log.push("rest") };
  followWriting({ socket, notices, recording });
  return { hear: emitter.emit, log, line: () => shown.get("presence") };
}

test("the window that comes later asks, and writes after a yes", () => {
  const { hear, log, line } = room();
  hear("hello", { writer: false, interview: ACTIVE, elsewhere: { place: "device", left: false } });
  assert.match(line().text, /another browser or on another device.*Take over here\?/);
  assert.deepEqual(log, ["rest"]);
  line().action.run();
  assert.deepEqual(log, ["rest", "presence.take"]);
  hear("hello", { writer: true, interview: ACTIVE });
  assert.equal(line(), undefined);
  assert.deepEqual(log, ["rest", "presence.take", "start"]);
});

test("the first window is told where it goes on, and can have it back", () => {
  const { hear, log, line } = room();
  hear("hello", { writer: true, interview: ACTIVE });
  hear("presence.taken_over", { place: "tab" });
  assert.match(line().text, /now goes on in another tab.*What you typed here is kept/);
  line().action.run();
  assert.deepEqual(log, ["start", "rest", "presence.take"]);
});

test("a connection that comes back changes nothing for the recording", () => {
  const { hear, log } = room();
  hear("hello", { writer: true, interview: ACTIVE });
  hear("hello", { writer: true, interview: ACTIVE });
  assert.deepEqual(log, ["start"]);
});

test("a window that has just gone is given the time to come back", () => {
  assert.match(questionText({ place: "tab", left: true }), /in a few seconds/);
});

test("where the other window is stays unsaid when it is not known", () => {
  assert.match(questionText({}), /is open in another window\./);
  assert.match(noticeText({}), /in another window\./);
});

function browser() {
  const locks = memoryLocks();
  const local = memoryStorage();
  return {
    open: (name, session) => nameTab({ session, local, locks: locks.of(name), wait: 20 }),
    close: (name) => locks.end(name),
  };
}

function copyOf(storage) {
  const copy = memoryStorage();
  for (const key of Object.keys(storage)) copy.setItem(key, storage.getItem(key));
  return copy;
}

test("a tab that is loaded anew keeps its name", async () => {
  const { open, close } = browser();
  const session = memoryStorage();
  const first = await open("one", session);
  close("one");
  assert.deepEqual(await open("two", session), first);
});

test("a duplicated tab gets a name of its own, in the same browser", async () => {
  const { open } = browser();
  const session = memoryStorage();
  const first = await open("one", session);
  const second = await open("two", copyOf(session));
  assert.notEqual(second.tab, first.tab);
  assert.equal(second.browser, first.browser);
});

test("a browser that stores nothing still has a name for the server", async () => {
  const named = await nameTab({ session: null, local: null, locks: null });
  assert.match(named.tab, /^[a-z0-9]{8,64}$/);
  assert.match(named.browser, /^[a-z0-9]{8,64}$/);
});

test("the address says which tab it is, and that it only read", async () => {
  const urls = [];
  globalThis.location = { href: "https://here.example/" };
  globalThis.WebSocket = class extends EventTarget {
    constructor(url) {
      super();
      urls.push(new URL(url));
    }
    close() {}
  };
  const named = Promise.resolve({ tab: "tab-1", browser: "browser-1" });
  const { begin, socket } = createRoomSocket({ interview: "7", isReader: () => true, named });
  await begin();
  socket.close();
  assert.equal(urls[0].pathname, "/ws/interviews/7/workspace/");
  assert.deepEqual(Object.fromEntries(urls[0].searchParams), {
    tab: "tab-1",
    browser: "browser-1",
    as: "reader",
  });
});
