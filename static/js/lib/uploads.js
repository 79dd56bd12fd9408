// Sends files to the server, a few at a time: each is stored once, however often it is sent.
import { createEmitter } from "./events.js";
import { gettext } from "./i18n.js";
import { LIMITS } from "./protocol.js";

const AT_ONCE = 2;
const TRIES = 4;
const RETRY_MS = 1_000;

/** One request with its progress. Resolves with {status, body}; status 0 where nothing came back. */
export function sendForm(url, csrf, fields, { onProgress, signal }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (name === "file") form.append(name, value, "file");
    else form.append(name, value);
  }
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const done = (status, body) => resolve({ status, body });
    request.open("POST", url);
    request.setRequestHeader("X-CSRFToken", csrf);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => done(request.status, request.response));
    for (const name of ["error", "abort", "timeout"]) {
      request.addEventListener(name, () => done(0, null));
    }
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

/**
 * Events: "change". An item is {path, size, sent, state, code, message}; states: waiting, sending, stored, refused,
 * stopped. names.tab is this tab's, as the server knows the window that writes.
 */
export function createUploads({ url, csrf, names = {}, send = sendForm, pause = RETRY_MS }) {
  const emitter = createEmitter();
  let items = [];
  let running = 0;

  const changed = () => emitter.emit("change");

  function refuse(item, { code, message }) {
    const words = message || gettext("The file could not be sent. Check the connection.");
    Object.assign(item, { state: "refused", code, message: words });
  }

  async function sendOnce(item) {
    const { id, path, mode, file, control } = item;
    const onProgress = (loaded) => {
      item.sent = Math.min(item.size, loaded);
      changed();
    };
    const { tab = "" } = names;
    return send(url, csrf, { id, path, mode, tab, file }, { onProgress, signal: control.signal });
  }

  async function sendAgain(item) {
    for (let tried = 1; ; tried += 1) {
      const answer = await sendOnce(item);
      const isPassing = answer.status === 0 || answer.body?.retryable;
      if (!isPassing || tried === TRIES || item.state === "stopped") return answer;
      await new Promise((resolve) => setTimeout(resolve, pause * tried));
    }
  }

  async function run(item) {
    running += 1;
    item.state = "sending";
    changed();
    const { status, body } = await sendAgain(item);
    running -= 1;
    if (item.state !== "stopped") {
      if (status === 200 && body) Object.assign(item, { state: "stored", path: body.path });
      else refuse(item, body ?? {});
    }
    next();
  }

  function next() {
    const waiting = items.filter((item) => item.state === "waiting");
    for (const item of waiting.slice(0, AT_ONCE - running)) run(item);
    changed();
  }

  function makeItem({ path, file }) {
    const item = { id: crypto.randomUUID(), path, file, size: file.size, mode: "new", sent: 0 };
    item.control = new AbortController();
    item.state = "waiting";
    if (file.size > LIMITS.KEPT_FILE_BYTES) {
      refuse(item, { code: "file_too_large", message: gettext("The file is larger than 8 MB.") });
    }
    return item;
  }

  return {
    on: emitter.on,
    add(files) {
      if (items.every(({ state }) => state === "stored" || state === "stopped")) items = [];
      items = [...items, ...files.map(makeItem)];
      next();
    },
    /** Sends a refused file anew; mode is replace or both where the name is taken. */
    retry(item, mode = item.mode) {
      Object.assign(item, { mode, state: "waiting", sent: 0, message: "", code: "" });
      next();
    },
    /** Takes a refused file out of the list. */
    skip(item) {
      items = items.filter((other) => other !== item);
      changed();
    },
    /** What is sent already stays; the rest is not sent. */
    stop() {
      for (const item of items) {
        if (item.state !== "waiting" && item.state !== "sending") continue;
        item.state = "stopped";
        item.control.abort();
      }
      changed();
    },
    clear() {
      items = items.filter(({ state }) => state === "waiting" || state === "sending");
      changed();
    },
    get items() {
      return items;
    },
  };
}
