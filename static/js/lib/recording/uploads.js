// The recording routes of the server: open a segment, send a chunk (ticket, put, confirm), close a segment; and what
// their answers mean. A chunk goes through the server or straight into the bucket: its ticket says where.
import { createWay } from "./way.js";

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
const LONGEST_RETRY_AFTER_MS = 60_000;
const TIMEOUT_MS = 120_000;
// 128 kbit/s: what is recorded at its smallest needs more.
const SLOWEST_BYTES_PER_MS = 16;
const TRY_AGAIN = new Set([408, 425, 429]);

/** Full jitter: anything up to a ceiling that doubles, so that browsers cut off together do not come back together. */
export function retryDelay(attempt, random = Math.random) {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(random() * ceiling);
}

/**
 * stored; again {after_ms?} (network, 5xx, 408, 425, 429, or the server says that it is retryable);
 * refused {status, code} (every other answer is final).
 */
export async function judge(response) {
  if (response.ok) return { kind: "stored" };
  const { code, retryable } = await readRefusal(response);
  if (response.status >= 500 || TRY_AGAIN.has(response.status) || retryable) {
    const seconds = Number(response.headers.get("Retry-After"));
    const after_ms = seconds > 0 ? Math.min(seconds * 1000, LONGEST_RETRY_AFTER_MS) : null;
    return { kind: "again", after_ms };
  }
  return { kind: "refused", status: response.status, code };
}

async function readRefusal(response) {
  try {
    const { code, retryable } = await response.json();
    return { code: typeof code === "string" ? code : "refused", retryable: retryable === true };
  } catch {
    return { code: "refused", retryable: false };
  }
}

export async function sha256Hex(bytes, subtle = crypto.subtle) {
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `csrf` gives the token at the time of the request. */
export function createUploads(base, { csrf, fetch = globalThis.fetch.bind(globalThis) }) {
  const way = createWay();

  /** A large chunk on a slow line gets the time it needs: cut off, it would begin again and again. */
  async function request(url, init) {
    const size = init.body?.byteLength ?? 0;
    return await fetch(url, {
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS + Math.ceil(size / SLOWEST_BYTES_PER_MS)),
      ...init,
    });
  }

  async function send(url, method, headers, body) {
    try {
      const init = { method, headers: { ...headers, "X-CSRFToken": csrf() }, body };
      return await judge(await request(url, init));
    } catch {
      return { kind: "again", after_ms: null };
    }
  }

  function post(path, value) {
    const body = JSON.stringify(value);
    return send(`${base}${path}`, "POST", { "Content-Type": "application/json" }, body);
  }

  /** {ticket} or {answer} where there is none. */
  async function askTicket(place, { sha256, start_ms, duration_ms }, size) {
    const wanted = { sha256, size, start_ms, duration_ms, ...way.wish() };
    try {
      const response = await request(`${base}${place}/ticket`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify(wanted),
      });
      if (!response.ok) return { answer: await judge(response) };
      const ticket = await response.json();
      way.heard(wanted);
      return { ticket };
    } catch {
      return { answer: { kind: "again", after_ms: null } };
    }
  }

  /** Straight into the bucket, which is told nothing of who we are; then the server is told to look. */
  async function putDirect(place, { method, url, headers }, bytes, sha256) {
    try {
      const init = { method, headers, body: bytes, credentials: "omit", mode: "cors" };
      const response = await request(url, init);
      if (!response.ok) {
        const answer = await judge(response);
        if (answer.kind === "refused") way.failed(`status_${response.status}`);
        return { kind: "again", after_ms: answer.after_ms ?? null };
      }
    } catch {
      way.failed("unreachable");
      return { kind: "again", after_ms: null };
    }
    way.worked();
    return await post(`${place}/confirm`, { sha256 });
  }

  return {
    open({ segment, track, mime_type, started_ms, video }) {
      return post("/segments", { segment, track, mime_type, started_ms, video });
    },
    /** Whatever was lost on the way, the same call again goes on where the server stands. */
    async put(segment, chunk, bytes) {
      const place = `/segments/${segment.segment}/chunks/${chunk.index}`;
      const size = bytes.byteLength ?? bytes.length;
      const { ticket, answer } = await askTicket(place, chunk, size);
      if (!ticket) return answer;
      if (ticket.state === "stored") return { kind: "stored" };
      if (ticket.confirm) return await putDirect(place, ticket, bytes, chunk.sha256);
      return await send(ticket.url, ticket.method, ticket.headers, bytes);
    },
    close(segment, manifest) {
      return post(`/segments/${segment.segment}/close`, manifest);
    },
    /** What the server has, or null where it does not say. */
    async manifest() {
      try {
        const response = await request(`${base}/manifest`, { method: "GET" });
        return response.ok ? await response.json() : null;
      } catch {
        return null;
      }
    },
  };
}
