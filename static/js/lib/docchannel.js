// What one document and the server say to each other: updates up, one message in flight, and what others did down.
import { sha256 } from "./digest.js";
import { within } from "./patience.js";
import { ERROR } from "./protocol.js";
import { SocketError } from "./socket.js";
import { asJson, fromJson, takeBatch } from "./updates.js";

const RETRY_MS = 2_000;
const CONFLICT_WAIT_MS = 4_000;
const ANSWER_WITHIN_MS = 20_000;
const COMPARE_AFTER_MS = 1_000;
// The server takes 50 messages a second from a window; most of them may be edits.
const PUSH_GAP_MS = 30;

/**
 * changed() is called when what waits may be another; taken(version, updates) when updates of the server's order were
 * taken over; replaced(former) when doc.document is another one from now on.
 */
export function createChannel(doc, options) {
  const { replica, socket, changed, taken, replaced, digest = sha256 } = options;
  // Set while they wait: "conflict" for what this page does not know yet, "pause" for the next message to go.
  const timers = { conflict: null, pause: null };
  let writable = true;
  let isClosed = false;
  let isSending = false;
  let catching = null;
  // The version up to which the server is known to hold updates.
  let known = 0;
  // Counts where histories did not meet: an answer to what was asked before means nothing after.
  let era = 0;

  async function ask(frame) {
    const { path } = doc;
    try {
      const request = socket.request({ ...frame, path }, { resend: false });
      const answer = await within(ANSWER_WITHIN_MS, request);
      if (isClosed) throw new SocketError({ code: ERROR.DISCONNECTED });
      return answer;
    } catch (error) {
      // It was asked for under the name the file had before.
      if (error.code === ERROR.NOT_FOUND && path !== doc.path) return ask(frame);
      throw error;
    }
  }

  /** About this document, not about another of its name. */
  const askOwn = (frame) => ask({ ...frame, document: doc.document });

  function later(name, action, delay) {
    const fire = () => {
      timers[name] = null;
      action();
    };
    clearTimeout(timers[name]);
    if (!isClosed) timers[name] = setTimeout(fire, delay);
  }

  function end(name) {
    clearTimeout(timers[name]);
    timers[name] = null;
  }

  /** Updates from a version on, no later than the next; what is here already is skipped. */
  function accept(from, updates) {
    end("conflict");
    const version = replica.reached();
    const fresh = updates.slice(version - from);
    replica.accept(fresh);
    if (fresh.length > 0) taken(version, fresh);
    changed();
  }

  /** The histories do not meet: the server's text, with what waits on top of it. */
  async function meet() {
    const opened = await ask({ type: "document.open" });
    const former = doc.document;
    era += 1;
    end("conflict");
    doc.document = opened.document;
    known = opened.version;
    replica.meet(opened);
    if (former !== doc.document) replaced(former);
    changed();
  }

  /** Both sides say they hold the same version: then they hold the same text, or the server's is taken. */
  async function compare({ version, hash }) {
    const isStill = () => replica.unsaved() === 0 && replica.reached() === version;
    if (!isStill() || (await digest(doc.state.doc.toString())) === hash || !isStill()) return;
    comeTogether(meet);
  }

  async function readMissed() {
    do {
      const version = replica.reached();
      const then = era;
      const missed = await askOwn({ type: "document.catch_up", version });
      if (then !== era) return;
      known = missed.current;
      const isUnknown = known < version || (known > version && missed.updates.length === 0);
      if (isUnknown) return meet();
      accept(version, fromJson(missed.updates));
    } while (replica.reached() < known);
  }

  /** One at a time, and nothing is sent meanwhile. */
  function comeTogether(work) {
    const done = () => {
      catching = null;
    };
    const begin = () => work().finally(done);
    if (!isClosed) catching ??= begin().then(push, work === meet ? failed : refused);
    return catching;
  }

  /** Takes what the server holds and this page does not; then sends what waits. */
  const catchUp = () => comeTogether(readMissed);

  function failed(error) {
    if (error.code === ERROR.DISCONNECTED || isClosed) return;
    // A window that only reads has nothing to complain of.
    if (error.code === ERROR.READ_ONLY && !writable) return;
    if (error.retryable) later("push", push, (error.retryAfter ?? 0) * 1000 || RETRY_MS);
    else doc.problem = error;
    changed();
  }

  function refused(error) {
    if (error.code === ERROR.VERSION_CONFLICT) {
      later("conflict", catchUp, CONFLICT_WAIT_MS);
    } else if (error.code === ERROR.NOT_FOUND) comeTogether(meet);
    else failed(error);
  }

  async function send() {
    const version = replica.reached();
    const batch = takeBatch(replica.outgoing());
    const then = era;
    isSending = true;
    later("pause", push, PUSH_GAP_MS);
    try {
      const stored = await askOwn({ type: "document.update", version, updates: asJson(batch) });
      if (then !== era) return;
      accept(version, batch);
      later("compare", () => compare(stored), COMPARE_AFTER_MS);
    } finally {
      isSending = false;
    }
  }

  function push() {
    end("push");
    if (isSending || timers.pause || timers.conflict || catching || isClosed) return;
    if (doc.problem || !writable || socket.state !== "online") return;
    if (doc.state && replica.unsaved() > 0) send().then(push, refused);
  }

  return {
    ask: askOwn,
    catchUp,
    push,

    /** After a new connection: the document's line in the list says what the server holds. */
    resume(entry) {
      end("conflict");
      if (doc.problem?.code === ERROR.NOT_FOUND) doc.problem = null;
      if (entry.document !== doc.document) return comeTogether(meet);
      if (entry.version !== replica.reached()) return catchUp();
      later("compare", () => compare(entry), COMPARE_AFTER_MS);
      return push();
    },

    /** A list says what the server holds; what it tells by itself may have got lost on the way. */
    notice(entry) {
      const isBehind = () => entry.document === doc.document && entry.version > replica.reached();
      if (isBehind()) later("notice", () => isBehind() && catchUp(), COMPARE_AFTER_MS);
    },

    /** document.updates from the server; a gap is closed by asking. */
    receive({ version, updates }) {
      known = Math.max(known, version + updates.length);
      if (version > replica.reached()) return catchUp();
      accept(version, fromJson(updates));
      return push();
    },

    setWritable(value) {
      writable = value;
    },

    close() {
      isClosed = true;
      for (const timer of Object.values(timers)) clearTimeout(timer);
    },
  };
}
