// The assistant's connection: a WebSocket, and where the network lets none through, events and POST over plain HTTP.
import { createSocket } from "./socket.js";
import { StreamSocket } from "./streamsocket.js";

const TRIES = 3;
// A network that swallows the handshake answers neither yes nor no.
const OPENS_WITHIN_MS = 10_000;
const FIRST_LOOK_MS = 30_000;
const LONGEST_LOOK_MS = 300_000;
const RESTART = 1012;

/**
 * As createSocket, with one more event: "way" ({isSlow}): whether frames travel over plain HTTP from now on.
 * url is the socket's, base the chat's address in the API. The WebSocket is looked for in the background meanwhile.
 */
export function createChatChannel({ url, base, csrf, ...options }) {
  const { WebSocket = globalThis.WebSocket, fetch, ...rest } = options;
  const urls = { events: `${base}/events`, frames: `${base}/frames` };
  const ways = new EventTarget();
  let failures = 0;
  let isSlow = false;
  let stream = null;
  let look = null;
  let lookAfter = FIRST_LOOK_MS;

  function tell(value) {
    if (isSlow === value) return;
    isSlow = value;
    ways.dispatchEvent(new Event("way"));
  }

  /** Calls back once: whether the server was heard, or that it ended or took too long before. Some proxies open and pass nothing. */
  function watch(socket, settle) {
    let isSettled = false;
    const once = (isHeard) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      settle(isHeard);
    };
    const timer = setTimeout(() => once(false), OPENS_WITHIN_MS);
    socket.addEventListener("message", () => once(true));
    socket.addEventListener("close", () => once(false));
  }

  function openSocket(address) {
    const socket = new WebSocket(address);
    const began = Date.now();
    watch(socket, (isHeard) => {
      failures = isHeard ? 0 : failures + 1;
      if (isHeard) return tell(false);
      const isSwallowed = Date.now() - began >= OPENS_WITHIN_MS;
      if (isSwallowed) failures = TRIES;
      if (isSwallowed) socket.close();
    });
    return socket;
  }

  function openStream() {
    const mine = new StreamSocket(urls, { csrf, fetch });
    stream = mine;
    mine.addEventListener("open", () => {
      tell(true);
      lookLater();
    });
    mine.addEventListener("close", () => {
      if (stream === mine) stream = null;
      clearTimeout(look);
      // It may be the server that was away, and not WebSockets: they come first again, once.
      failures = TRIES - 1;
    });
    return mine;
  }

  function lookLater() {
    clearTimeout(look);
    look = setTimeout(lookForSocket, lookAfter);
    lookAfter = Math.min(LONGEST_LOOK_MS, lookAfter * 2);
  }

  function lookForSocket() {
    const probe = new WebSocket(typeof url === "function" ? url() : url);
    watch(probe, (isHeard) => {
      probe.close(1000);
      if (!stream) return;
      if (!isHeard) return lookLater();
      lookAfter = FIRST_LOOK_MS;
      stream.close(RESTART);
      failures = 0;
    });
  }

  function Connection(address) {
    return failures < TRIES ? openSocket(address) : openStream();
  }

  const socket = createSocket(url, { ...rest, WebSocket: Connection });
  const onWay = (handler) => {
    const told = () => handler({ isSlow });
    ways.addEventListener("way", told);
    return () => ways.removeEventListener("way", told);
  };
  return {
    open: socket.open,
    close: socket.close,
    send: socket.send,
    request: socket.request,
    on: (name, handler) => (name === "way" ? onWay(handler) : socket.on(name, handler)),
    get state() {
      return socket.state;
    },
    get details() {
      return socket.details;
    },
    get isSlow() {
      return isSlow;
    },
  };
}
