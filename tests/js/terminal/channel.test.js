import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { clampSize, createChannel } from "../../../static/js/lib/terminal/channel.js";
import { fakeSockets } from "../fake_socket.js";

const HELLO = {
  type: "hello",
  shell: "a",
  offset: 0,
  rows: 24,
  cols: 80,
  is_driver: true,
  limits: { ack_bytes: 8 },
};
let sockets;
let heard;

function frame(offset, text) {
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + bytes.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(offset));
  whole.set(bytes, 8);
  return whole.buffer;
}

function connect() {
  const channel = createChannel({
    address: (query) => `ws://room/terminal/1/?${query}`,
    size: () => ({ rows: 10.4, cols: 9000 }),
    WebSocket: sockets.WebSocket,
    random: () => 1,
    network: new EventTarget(),
  });
  heard = [];
  channel.on("output", (bytes, offset) => heard.push([offset, new TextDecoder().decode(bytes)]));
  channel.on("gap", ({ from, to }) => heard.push(["gap", from, to]));
  channel.on("hello", (_frame, { isOther }) => heard.push(["hello", isOther]));
  channel.on("lost", ({ reason }) => heard.push(["lost", reason]));
  channel.open();
  return channel;
}

function comeBack(hello) {
  sockets.last.end(1006);
  mock.timers.tick(500);
  sockets.last.receive({ ...HELLO, ...hello });
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  sockets = fakeSockets();
});

test("a terminal is asked for in a size the runner takes", () => {
  connect();
  assert.equal(sockets.last.url, "ws://room/terminal/1/?rows=10&cols=500");
  assert.deepEqual(clampSize({ rows: Number.NaN, cols: 0 }), { rows: 1, cols: 1 });
});

test("output after a lost connection goes on where it stood, without repeats", () => {
  connect();
  sockets.last.receive(HELLO);
  sockets.last.receiveBytes(frame(0, "abc"));
  comeBack({ offset: 1 });
  assert.match(sockets.last.url, /shell=a&after=3$/);
  sockets.last.receiveBytes(frame(1, "bcde"));
  sockets.last.receiveBytes(frame(1, "bc"));
  assert.deepEqual(heard, [
    ["hello", false],
    [0, "abc"],
    ["hello", false],
    [3, "de"],
  ]);
});

test("what is missing is told once, with how much it is", () => {
  connect();
  sockets.last.receive(HELLO);
  sockets.last.receiveBytes(frame(0, "abc"));
  comeBack({ offset: 100 });
  sockets.last.receive({ type: "gap", from: 3, to: 100 });
  sockets.last.receiveBytes(frame(100, "z"));
  assert.deepEqual(heard.slice(2), [
    ["hello", false],
    ["gap", 3, 100],
    [100, "z"],
  ]);
});

test("another shell begins anew, wherever the one before it stood", () => {
  connect();
  sockets.last.receive(HELLO);
  sockets.last.receiveBytes(frame(0, "a long time"));
  sockets.last.receive({ ...HELLO, shell: "b" });
  sockets.last.receiveBytes(frame(0, "b"));
  assert.deepEqual(heard.slice(2), [
    ["hello", true],
    [0, "b"],
  ]);
});

test("a terminal that is not there is waited for on the same socket", () => {
  const channel = connect();
  sockets.last.receive({ type: "lost", reason: "no_terminal", is_retried: true });
  mock.timers.tick(15_000);
  assert.equal(sockets.made.length, 1);
  channel.start();
  sockets.last.receive(HELLO);
  assert.deepEqual(heard, [
    ["lost", "no_terminal"],
    ["hello", false],
  ]);
  assert.deepEqual(sockets.last.sent[0], { type: "start" });
});

test("what is shown is acknowledged each time so many bytes more are", () => {
  const channel = connect();
  sockets.last.receive(HELLO);
  for (const upto of [3, 8, 15, 16, 40]) channel.shown(upto);
  assert.deepEqual(sockets.last.sent, [
    { type: "ack", upto: 8 },
    { type: "ack", upto: 16 },
    { type: "ack", upto: 40 },
  ]);
});

test("a large paste goes in pieces, and nothing goes while the connection is lost", () => {
  const channel = connect();
  const pasted = new Uint8Array(40_000).map((_value, at) => at % 251);
  assert.equal(channel.write(pasted), false);
  sockets.last.receive(HELLO);
  assert.equal(channel.write(pasted), true);
  assert.ok(sockets.last.sent.every(({ length }) => length <= 16_384));
  const whole = sockets.last.sent.flatMap((piece) => [...piece]);
  assert.deepEqual(whole, [...pasted]);
});
