// The recording routes of the server: open a segment, put a chunk, close a segment; and what their answers mean.

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8000;
const LONGEST_RETRY_AFTER_MS = 60_000;
const TIMEOUT_MS = 120_000;
const TRY_AGAIN = new Set([408, 425, 429]);

/** Jitter over the upper half. */
export function retryDelay(attempt, random = Math.random) {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
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
  async function send(path, method, headers, body) {
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        credentials: "same-origin",
        redirect: "error",
        headers: { ...headers, "X-CSRFToken": csrf() },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return await judge(response);
    } catch {
      return { kind: "again", after_ms: null };
    }
  }

  function post(path, value) {
    return send(path, "POST", { "Content-Type": "application/json" }, JSON.stringify(value));
  }

  return {
    open({ segment, track, mime_type, started_ms, video }) {
      return post("/segments", { segment, track, mime_type, started_ms, video });
    },
    put(segment, chunk, bytes) {
      const headers = {
        "Content-Type": segment.mime_type,
        "X-Chunk-Sha256": chunk.sha256,
        "X-Chunk-Start-Ms": String(chunk.start_ms),
        "X-Chunk-Duration-Ms": String(chunk.duration_ms),
      };
      return send(`/segments/${segment.segment}/chunks/${chunk.index}`, "PUT", headers, bytes);
    },
    close(segment, manifest) {
      return post(`/segments/${segment.segment}/close`, manifest);
    },
  };
}
