// A WebSocket that comes back: JSON frames, hello first, ping and pong, ids, backoff, unanswered requests sent again.
import { createEmitter } from "./events.js";
import { ERROR, isFinalClose, PING_AFTER_MS, PONG_WITHIN_MS } from "./protocol.js";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const HELLO_WITHIN_MS = 12_000;

/** message is for the person, and empty where nobody wrote one: then the caller says it. */
export class SocketError extends Error {
  constructor({ code, message, retryable = false, retry_after = null }) {
    super(message ?? "");
    this.name = "SocketError";
    this.code = code;
    this.retryable = retryable;
    this.retryAfter = retry_after;
  }
}

/** Full jitter over the upper half, so that a restart of the server is not met by everyone at once. */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

export function socketUrl(path, here = location) {
  return new URL(path, here.href).href.replace(/^http/, "ws");
}

/**
 * url may be a function that gives it anew for each connection; greeting is a type of frame that may stand for hello.
 * Events: "state" ({state, attempt, code, message}), "frame" and one per frame type. States: connecting, online,
 * reconnecting, closed. A closed socket (44xx, or close()) stays so until open() is called again.
 */
export function createSocket(url, options = {}) {
  const { WebSocket = globalThis.WebSocket, random = Math.random, network = globalThis } = options;
  const emitter = createEmitter();
  const pending = new Map();
  const timers = { retry: null, ping: null, pong: null, hello: null };
  let socket = null;
  let attempt = 0;
  let lastError = null;
  let current = { state: "connecting", attempt: 0, code: null, message: "" };

  function setState(state, details = {}) {
    current = { state, attempt, code: null, message: "", ...details };
    emitter.emit("state", current);
  }

  function arm(name, delay, action) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(action, delay);
  }

  function disarm(...names) {
    for (const name of names) clearTimeout(timers[name]);
  }

  function transmit(frame) {
    if (current.state !== "online") return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function expectSilence() {
    disarm("pong");
    arm("ping", PING_AFTER_MS, () => {
      transmit({ type: "ping", t: Date.now() });
      arm("pong", PONG_WITHIN_MS, () => abandon());
    });
  }

  function settle(frame) {
    const request = frame.id === undefined ? undefined : pending.get(frame.id);
    if (!request) return;
    pending.delete(frame.id);
    if (frame.type === "error") request.reject(new SocketError(frame));
    else request.resolve(frame);
  }

  function welcome(frame) {
    attempt = 0;
    lastError = null;
    disarm("hello");
    const waiting = [...pending.values()].filter((request) => request.resend);
    setState("online");
    emitter.emit("hello", frame);
    for (const request of waiting) transmit(request.frame);
  }

  function receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (frame.type === "hello" || frame.type === options.greeting) welcome(frame);
    else if (frame.type === "ping") transmit({ type: "pong", t: frame.t });
    else if (frame.type === "error" && frame.id === undefined) lastError = frame;
    expectSilence();
    settle(frame);
    emitter.emit("frame", frame);
    if (frame.type !== "hello") emitter.emit(frame.type, frame);
  }

  function dropUnrepeatable() {
    for (const [id, request] of pending) {
      if (request.resend) continue;
      pending.delete(id);
      request.reject(new SocketError({ code: ERROR.DISCONNECTED, retryable: true }));
    }
  }

  function refuseAll(code, message) {
    for (const request of pending.values()) request.reject(new SocketError({ code, message }));
    pending.clear();
  }

  function ended(from, code) {
    if (from !== socket) return;
    socket = null;
    disarm("ping", "pong", "hello");
    dropUnrepeatable();
    if (isFinalClose(code)) {
      const message = lastError?.message ?? "";
      refuseAll(lastError?.code ?? "closed", message);
      setState("closed", { code, message });
      return;
    }
    const delay = backoff(attempt, random);
    attempt += 1;
    setState("reconnecting", { code });
    arm("retry", delay, open);
  }

  function abandon() {
    const dead = socket;
    if (!dead) return;
    ended(dead, 1006);
    dead.close();
  }

  function open() {
    disarm("retry");
    if (socket) return;
    if (current.state === "closed") attempt = 0;
    setState(attempt === 0 ? "connecting" : "reconnecting");
    const fresh = new WebSocket(typeof url === "function" ? url() : url);
    socket = fresh;
    fresh.addEventListener("message", (event) => {
      if (fresh === socket) receive(event.data);
    });
    fresh.addEventListener("close", (event) => ended(fresh, event.code));
    arm("hello", HELLO_WITHIN_MS, abandon);
  }

  function close() {
    disarm("retry", "ping", "pong", "hello");
    const leaving = socket;
    socket = null;
    refuseAll("closed", "");
    setState("closed", { code: 1000 });
    leaving?.close(1000);
  }

  /** Resolves with the first frame that echoes the id. With resend it survives a lost connection, else it is rejected then. */
  function request(frame, { resend = true } = {}) {
    const id = frame.id ?? crypto.randomUUID();
    const complete = { ...frame, id };
    return new Promise((resolve, reject) => {
      if (current.state === "closed" || (!resend && current.state !== "online")) {
        reject(new SocketError({ code: ERROR.DISCONNECTED, retryable: true }));
        return;
      }
      pending.set(id, { frame: complete, resend, resolve, reject });
      transmit(complete);
    });
  }

  network.addEventListener?.("online", () => {
    if (current.state === "reconnecting" && !socket) open();
  });
  network.addEventListener?.("offline", () => abandon());

  return {
    on: emitter.on,
    open,
    close,
    send: transmit,
    request,
    get state() {
      return current.state;
    },
    get details() {
      return current;
    },
  };
}
