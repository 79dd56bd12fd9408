import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createChatChannel } from "../../static/js/lib/chatchannel.js";
import { createConversation } from "../../static/js/lib/conversation.js";
import { parseEvent } from "../../static/js/lib/serverevents.js";
import { tellBlocked } from "../../static/js/lib/slowway.js";
import { fakeSockets } from "./fake_socket.js";
import { fakeServer, settled } from "./fake_stream.js";

const hello = { type: "hello", messages: [], live: null };

function channel(t) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const sockets = fakeSockets();
  const server = fakeServer();
  const made = createChatChannel({
    url: "ws://x/assistant/",
    base: "/chat",
    csrf: "token",
    WebSocket: sockets.WebSocket,
    fetch: server.fetch,
    random: () => 0,
    network: {},
  });
  const ways = [];
  made.on("way", ({ isSlow }) => ways.push(isSlow));
  made.open();
  return { made, sockets, server, ways };
}

async function pass(milliseconds) {
  await settled();
  mock.timers.tick(milliseconds);
  await settled();
}

/** Three sockets that never open, then the line over plain HTTP. */
async function blocked(t) {
  const room = channel(t);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    room.sockets.last.end(1006);
    await pass(4_000);
  }
  room.server.last.say("line", { line: "l1" });
  room.server.last.frame(hello);
  await settled();
  return room;
}

test("a socket that opens is used, and nothing else is tried", async (t) => {
  const { made, sockets, server, ways } = channel(t);
  sockets.last.receive(hello);
  await pass(15_000);
  assert.deepEqual([made.isSlow, server.streams.length, ways], [false, 0, []]);
});

test("after three sockets that never opened frames go over plain HTTP", async (t) => {
  const { made, sockets, server, ways } = await blocked(t);
  assert.deepEqual([made.state, made.isSlow, ways], ["online", true, [true]]);
  assert.equal(sockets.made.length, 3);

  const asked = made.request({ type: "turn.ask", id: "ask-1", text: "why?" });
  await settled();
  const [{ url, headers, line, frame }] = server.posted;
  assert.deepEqual([url, headers["X-CSRFToken"], line], ["/chat/frames", "token", "l1"]);
  assert.deepEqual(frame, { type: "turn.ask", id: "ask-1", text: "why?" });
  server.last.frame({ type: "turn.queued", id: "ask-1", turn: "t" });
  assert.equal((await asked).turn, "t");
});

test("a handshake that is swallowed is given up once, not three times", async (t) => {
  const { made, sockets, server } = channel(t);
  await pass(10_000);
  sockets.last.end(1006);
  await pass(4_000);
  server.last.say("line", { line: "l1" });
  server.last.frame(hello);
  await settled();
  assert.deepEqual([sockets.made.length, made.state, made.isSlow], [1, "online", true]);
});

test("an answer cut off in the middle goes on where it stood, nothing lost or doubled", async (t) => {
  const { made, sockets, server } = await blocked(t);
  const conversation = createConversation();
  made.on("hello", conversation.hello);
  made.on("turn.queued", conversation.queued);
  made.on("turn.started", conversation.started);
  made.on("turn.delta", conversation.delta);
  made.on("turn.finished", conversation.finished);
  conversation.ask("ask-1", "why?");
  made.request({ type: "turn.ask", id: "ask-1", text: "why?" });
  server.last.frame({ type: "turn.queued", id: "ask-1", turn: "t" });
  server.last.frame({ type: "turn.delta", turn: "t", offset: 0, text: "Beca" });
  await settled();
  server.last.cut();
  await pass(4_000);
  sockets.last.end(1006);
  await pass(4_000);

  const messages = [{ id: "q", role: "user", text: "why?", turn: "t", state: "running" }];
  server.last.say("line", { line: "l2" });
  server.last.frame({ ...hello, messages, live: { turn: "t", offset: 6, text: "Becaus" } });
  server.last.frame({ type: "turn.delta", turn: "t", offset: 4, text: "use." });
  await settled();
  assert.deepEqual(
    conversation.entries.map(({ question, answer }) => [question, answer]),
    [["why?", "Because."]],
  );
});

test("a question that was on its way when the line broke is sent again under its id", async (t) => {
  const { made, sockets, server } = await blocked(t);
  server.leave();
  made.request({ type: "turn.ask", id: "ask-1", text: "why?" });
  await settled();
  server.leave(false);
  await pass(4_000);
  sockets.last.end(1006);
  await pass(4_000);
  server.last.say("line", { line: "l2" });
  server.last.frame(hello);
  await settled();
  assert.deepEqual(
    server.posted.map(({ line, frame }) => [line, frame.id]),
    [["l2", "ask-1"]],
  );
});

test("frames are posted one after the other, in their order", async (t) => {
  const { made, server } = await blocked(t);
  for (const turn of ["a", "b", "c"]) made.send({ type: "turn.stop", turn });
  await settled();
  assert.deepEqual(
    server.posted.map(({ frame }) => frame.turn),
    ["a", "b", "c"],
  );
});

test("the socket is looked for in the background and used once it opens", async (t) => {
  const { made, sockets, server, ways } = await blocked(t);
  server.last.write(": keep-alive\n\n");
  await settled();
  await pass(30_000);
  assert.equal(sockets.made.length, 4);
  sockets.last.receive(hello);
  await pass(1_000);
  assert.deepEqual([sockets.made.length, sockets.made[3].closed], [5, 1000]);
  sockets.last.receive(hello);
  assert.deepEqual([made.state, made.isSlow, ways], ["online", false, [true, false]]);
  assert.equal(server.last.isOpen, false);
});

test("a line that falls silent is given up", async (t) => {
  const { made } = await blocked(t);
  await pass(20_000);
  await pass(15_000);
  assert.notEqual(made.state, "online");
});

test("a page that may not go on is told so and does not come back", async (t) => {
  const room = channel(t);
  room.server.refuseNext({ status: 404, code: "unknown_interview", message: "No." });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    room.sockets.last.end(1006);
    await pass(4_000);
  }
  await pass(60_000);
  const { state, message } = room.made.details;
  assert.deepEqual([state, message, room.sockets.made.length], ["closed", "No.", 3]);
});

test("the end of the interview closes the line for good", async (t) => {
  const { made, server } = await blocked(t);
  server.last.say("close", { code: 4410 });
  await pass(60_000);
  assert.deepEqual([made.state, made.details.code], ["closed", 4410]);
});

test("events are read however their bytes are cut", async (t) => {
  const { made, server } = await blocked(t);
  const texts = [];
  made.on("turn.delta", ({ text }) => texts.push(text));
  const bytes = `: hi\n\nevent: frame\ndata: ${JSON.stringify({ type: "turn.delta", text: "a\n\nb" })}\n\n`;
  for (const character of bytes) server.last.write(character);
  for (let at = 0; at < 20; at += 1) await settled();
  assert.deepEqual(texts, ["a\n\nb"]);
});

test("a comment is no event", () => {
  assert.equal(parseEvent(": keep-alive"), null);
  assert.deepEqual(parseEvent("event: frame\ndata: {}\nid: 3"), { name: "frame", data: "{}" });
});

test("what does not work without WebSockets is said only while the server itself answers", async () => {
  const shown = new Map();
  const notices = {
    show: (name, { text }) => shown.set(name, text),
    clear: (name) => shown.delete(name),
  };
  const handlers = {};
  const on = (name, handler) => {
    handlers[name] = handler;
  };
  const socket = { state: "reconnecting", on };
  let isThere = false;
  tellBlocked({ socket, notices, reach: async () => isThere });
  const { state: told, hello } = handlers;

  await told({ state: "reconnecting", attempt: 5 });
  assert.equal(shown.size, 0);
  isThere = true;
  await told({ state: "reconnecting", attempt: 2 });
  assert.equal(shown.size, 0);
  await told({ state: "reconnecting", attempt: 3 });
  assert.match(shown.get("blocked"), /can not be opened here/);
  hello({});
  await told({ state: "reconnecting", attempt: 4 });
  assert.match(shown.get("blocked"), /You can write, .* can not be stored/);
  await told({ state: "online", attempt: 0 });
  assert.equal(shown.size, 0);
});
