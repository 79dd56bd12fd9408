// Facts about the recording for the interview's timeline: kept until the server has them, also over a reload.

const AT_ONCE = 20;
const MOST_KEPT = 200;
const AGAIN_MS = 5000;
const FINAL = (status) =>
  status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status);

function readKept(storage, key) {
  try {
    const found = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/**
 * note(code, {track, detail}): one fact, at this moment of the interview's clock. Codes as in recordings/events.py.
 * Nobody waits for it and nothing fails because of it.
 */
export function createNotes({ base, csrf, clock, scope = globalThis }) {
  const key = `interviewlm:recording-notes:${base}`;
  const storage = scope.sessionStorage;
  let kept = readKept(storage, key);
  let isSending = false;

  function keep() {
    try {
      storage.setItem(key, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: they go out while the page lives.
    }
  }

  /** True when the server has answered for good. */
  async function post(facts) {
    try {
      const response = await scope.fetch(`${base}/notes`, {
        method: "POST",
        credentials: "same-origin",
        redirect: "error",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify({ notes: facts }),
      });
      return response.ok || FINAL(response.status);
    } catch {
      return false;
    }
  }

  async function send() {
    if (isSending || !kept.length) return;
    isSending = true;
    const facts = kept.slice(0, AT_ONCE);
    const isDone = await post(facts);
    isSending = false;
    if (isDone) {
      const sent = new Set(facts.map((fact) => fact.id));
      kept = kept.filter((fact) => !sent.has(fact.id));
      keep();
    }
    if (kept.length) setTimeout(send, isDone ? 0 : AGAIN_MS);
  }

  send();
  return function note(code, { track = "camera", detail = "" } = {}) {
    const fact = { id: scope.crypto.randomUUID(), code, track, detail, t_ms: Math.round(clock()) };
    kept = [...kept, fact].slice(-MOST_KEPT);
    keep();
    send();
  };
}
