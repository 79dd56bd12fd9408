// Trying the live connection and an upload, each once, with an end.
import { socketUrl } from "../socket.js";

const HELLO_WITHIN_MS = 10_000;
const UPLOAD_WITHIN_MS = 30_000;
/** Camera and microphone make up to 2.6 Mbit/s at their most; half of it keeps up with most pictures. */
const ENOUGH_MEGABITS = 1.3;
const RANDOM_AT_ONCE = 65_536;

/** "ok" when the server says hello, "blocked" otherwise. */
export function trySocket(path, { WebSocket = globalThis.WebSocket } = {}) {
  return new Promise((resolve) => {
    let socket;
    const end = (code) => {
      clearTimeout(timer);
      socket?.close(1000);
      resolve(code);
    };
    const timer = setTimeout(end, HELLO_WITHIN_MS, "blocked");
    try {
      socket = new WebSocket(socketUrl(path));
    } catch {
      end("blocked");
      return;
    }
    socket.addEventListener("message", (event) => {
      if (isHello(event.data)) end("ok");
    });
    socket.addEventListener("close", () => end("blocked"));
  });
}

function isHello(data) {
  try {
    return JSON.parse(data).type === "hello";
  } catch {
    return false;
  }
}

/** Random, so that nothing on the way makes it smaller. */
function randomBlob(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += RANDOM_AT_ONCE) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + RANDOM_AT_ONCE)));
  }
  return new Blob([bytes]);
}

/** {code: ok | slow | blocked, megabits}: how fast `size` bytes reach the server. */
export async function tryUpload(url, { csrf, size, now = () => performance.now() }) {
  const body = randomBlob(size);
  const started = now();
  try {
    const response = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/octet-stream", "X-CSRFToken": csrf },
      body,
      signal: AbortSignal.timeout(UPLOAD_WITHIN_MS),
    });
    if (!response.ok || (await response.json()).bytes !== size) {
      return { code: "blocked", megabits: 0 };
    }
  } catch {
    return { code: "blocked", megabits: 0 };
  }
  const megabits = (size * 8) / 1e6 / Math.max(0.001, (now() - started) / 1000);
  return { code: megabits < ENOUGH_MEGABITS ? "slow" : "ok", megabits };
}
