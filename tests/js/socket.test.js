import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { backoff, createSocket, socketUrl } from "../../static/js/lib/socket.js";
import { fakeSockets } from "./fake_socket.js";

let sockets;
let network;

function connect() {
  const socket = createSocket("ws://room/", {
    WebSocket: sockets.WebSocket,
    random: () => 1,
    network,
  });
  socket.open();
  return socket;
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  sockets = fakeSockets();
  network = new EventTarget();
});

test("a request made before hello waits for it", () => {
  const socket = connect();
  socket.request({ type: "run.start", id: "a" }).catch(() => {});
  assert.deepEqual(sockets.last.sent, []);
  sockets.last.receive({ type: "hello" });
  assert.deepEqual(sockets.last.sent, [{ type: "run.start", id: "a" }]);
});

test("an unanswered request is sent again under its id after a lost connection", async () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  const reply = socket.request({ type: "turn.ask", id: "a", text: "why" });
  sockets.last.end(1006);
  assert.equal(socket.state, "reconnecting");
  mock.timers.tick(500);
  sockets.last.receive({ type: "hello" });
  assert.deepEqual(sockets.last.sent, [{ type: "turn.ask", id: "a", text: "why" }]);
  sockets.last.receive({ type: "turn.started", id: "a", turn: "t" });
  assert.equal((await reply).turn, "t");
});

test("a request that must not be repeated is rejected when the connection is lost", async () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  const reply = socket.request({ type: "document.update" }, { resend: false });
  sockets.last.end(1006);
  await assert.rejects(reply, { code: "disconnected", retryable: true, message: "" });
});

test("an error frame with the id rejects with its code and words", async () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  const reply = socket.request({ type: "run.start", id: "a" });
  sockets.last.receive({ type: "error", id: "a", code: "busy", message: "One run at a time." });
  await assert.rejects(reply, { code: "busy", message: "One run at a time." });
});

test("a 44xx close is final and carries the words of the error before it", () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  sockets.last.receive({ type: "error", code: "ended", message: "The interview has ended." });
  sockets.last.end(4410);
  mock.timers.tick(60_000);
  assert.equal(sockets.made.length, 1);
  assert.deepEqual(
    [socket.state, socket.details.code, socket.details.message],
    ["closed", 4410, "The interview has ended."],
  );
});

test("a silent connection is pinged, then given up and replaced", () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  mock.timers.tick(20_000);
  assert.equal(sockets.last.sent.at(-1).type, "ping");
  mock.timers.tick(10_000);
  assert.equal(socket.state, "reconnecting");
  mock.timers.tick(500);
  assert.equal(sockets.made.length, 2);
});

test("a pong keeps the connection", () => {
  const socket = connect();
  sockets.last.receive({ type: "hello" });
  mock.timers.tick(20_000);
  sockets.last.receive({ type: "pong" });
  mock.timers.tick(10_000);
  assert.equal(socket.state, "online");
});

test("a server that never says hello is left", () => {
  const socket = connect();
  mock.timers.tick(12_000);
  assert.equal(socket.state, "reconnecting");
});

test("the network coming back reconnects at once", () => {
  connect();
  sockets.last.receive({ type: "hello" });
  network.dispatchEvent(new Event("offline"));
  network.dispatchEvent(new Event("online"));
  assert.equal(sockets.made.length, 2);
});

test("frames of a socket already given up are ignored", () => {
  const socket = connect();
  const old = sockets.last;
  old.receive({ type: "hello" });
  network.dispatchEvent(new Event("offline"));
  const seen = [];
  socket.on("frame", (frame) => seen.push(frame));
  old.receive({ type: "clock" });
  assert.deepEqual(seen, []);
});

test("delays double up to a ceiling", () => {
  const delays = [0, 1, 2, 10].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(delays, [500, 1000, 2000, 15_000]);
  assert.equal(
    backoff(0, () => 0),
    250,
  );
});

test("an address that is a function is asked for each connection", () => {
  let visits = 0;
  const url = () => {
    visits += 1;
    return `ws://room/${visits}`;
  };
  const options = { WebSocket: sockets.WebSocket, random: () => 1, network };
  createSocket(url, options).open();
  sockets.last.end(1006);
  mock.timers.tick(500);
  assert.deepEqual(
    sockets.made.map(({ url: address }) => address),
    ["ws://room/1", "ws://room/2"],
  );
});

test("socket addresses follow the page's scheme", () => {
  const here = { href: "https://example.test/interviews/1/room/" };
  assert.equal(socketUrl("/ws/x/", here), "wss://example.test/ws/x/");
});
