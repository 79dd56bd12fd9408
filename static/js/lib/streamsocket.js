// What looks like a WebSocket and is none: frames come as server-sent events and go by POST. For networks that block WebSockets.
import { CLOSE } from "./protocol.js";
import { readEvents } from "./serverevents.js";

const LOST = 1006;
const SILENT_AFTER_MS = 35_000;
// Refusals that no new try changes; anything else is tried again.
const FINAL = { csrf_failed: CLOSE.SIGNED_OUT, unknown_interview: CLOSE.FORBIDDEN };

/** urls: {events, frames}. Has of a WebSocket what socket.js uses: "open", "message", "close", send(text), close(). */
export class StreamSocket extends EventTarget {
  #urls;
  #csrf;
  #fetch;
  #control = new AbortController();
  #line = null;
  #waiting = [];
  #isSending = false;
  #isOver = false;
  #silence = null;

  constructor(urls, { csrf, fetch = globalThis.fetch.bind(globalThis) }) {
    super();
    this.#urls = urls;
    this.#csrf = csrf;
    this.#fetch = fetch;
    this.#listen();
  }

  send(text) {
    const frame = JSON.parse(text);
    // Comments of the server show that it is there, and silence ends the line: no ping needs to travel.
    if (frame.type === "ping") this.#receive({ type: "pong", t: frame.t });
    else this.#waiting.push(frame);
    this.#sendWaiting();
  }

  close(code = 1000) {
    this.#end(code);
  }

  async #listen() {
    try {
      const headers = { Accept: "text/event-stream" };
      const { signal } = this.#control;
      const answer = await this.#fetch(this.#urls.events, {
        headers,
        signal,
        credentials: "same-origin",
        cache: "no-store",
      });
      if (!answer.ok) await this.#refused(answer);
      else {
        await readEvents(answer.body, {
          onEvent: (event) => this.#take(event),
          onAlive: () => this.#hear(),
        });
      }
    } catch {
      // Cut off: told as any lost connection is.
    }
    this.#end(LOST);
  }

  #take({ name, data }) {
    if (this.#isOver) return;
    const value = JSON.parse(data);
    if (name === "line") {
      this.#line = value.line;
      this.dispatchEvent(new Event("open"));
      this.#sendWaiting();
    } else if (name === "frame") this.#receive(value);
    else if (name === "close") this.#end(value.code);
  }

  #receive(frame) {
    if (this.#isOver) return;
    const data = JSON.stringify(frame);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  #hear() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#end(LOST), SILENT_AFTER_MS);
  }

  /** One after the other, in the order they were said; one that fails ends the line, and who waits for a reply asks again. */
  async #sendWaiting() {
    if (this.#isSending || this.#line === null) return;
    this.#isSending = true;
    while (this.#waiting.length > 0 && !this.#isOver) {
      const [frame] = this.#waiting;
      if (!(await this.#post(frame))) {
        this.#end(LOST);
        break;
      }
      this.#waiting.shift();
    }
    this.#isSending = false;
  }

  async #post(frame) {
    const { signal } = this.#control;
    try {
      const answer = await this.#fetch(this.#urls.frames, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.#csrf },
        body: JSON.stringify({ line: this.#line, frame }),
        credentials: "same-origin",
        signal,
      });
      if (!answer.ok) await this.#refused(answer);
      return answer.ok;
    } catch {
      return false;
    }
  }

  async #refused(answer) {
    const error = await answer.json().catch(() => ({}));
    const code = FINAL[error.code];
    if (!code) return;
    this.#receive({ ...error, type: "error" });
    this.#end(code);
  }

  #end(code) {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#silence);
    this.#control.abort();
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}
