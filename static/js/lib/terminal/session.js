// One terminal of the room: its socket, its screen, and what is said about it.
import { createEmitter } from "../events.js";
import { createChannel } from "./channel.js";
import { handleKeys } from "./keys.js";
import { isAtPrompt } from "./prompt.js";
import { createScreen } from "./screen.js";
import { afterEnd, afterGap, endText, lostText, otherText, refusedText } from "./words.js";

const READY_WITHIN_MS = 10_000;
// To the end of the line, and away with it: what was half typed is kept by the shell, and comes back with Ctrl+Y.
const EMPTY_LINE = "\x05\x15";

/**
 * address(name, query) gives the socket's address; on: link(url), bell(), refused(words), copy(), toggleTab().
 * Event "change". phase: connecting, live, away (the connection is lost), waiting (the server looks for it), ended
 * (restart() begins anew), closed.
 */
export function createSession({ name, emulator, host, address, readerMode, keys, on }) {
  const emitter = createEmitter();
  const facts = { name, phase: "connecting", isDriver: false, wasReady: false, message: "" };
  let parsed = 0;
  let head = 0;

  const channel = createChannel({
    address: (query) => address(name, query),
    size: () => screen.size(),
  });
  const screen = createScreen({
    emulator,
    host,
    name,
    readerMode,
    mayAnswer: () => parsed >= head,
    on: {
      ...on,
      input: (bytes) => channel.write(bytes),
      resized: (size) => channel.resize(size),
    },
  });
  const { term } = screen;
  handleKeys(term, keys);

  function change(next) {
    Object.assign(facts, next);
    screen.drive(facts.isDriver && facts.phase === "live");
    emitter.emit("change", facts);
  }

  function fitNow() {
    screen.adapt();
    channel.resize(screen.size());
  }

  channel.on("hello", (frame, { isOther }) => {
    if (isOther && facts.phase === "live") term.write(afterEnd(otherText()));
    parsed = frame.offset;
    head = frame.head;
    if (!frame.is_driver) screen.follow(frame);
    change({ phase: "live", isDriver: frame.is_driver, message: "" });
    if (frame.is_driver) fitNow();
  });
  channel.on("output", (bytes, offset) => {
    write(bytes, offset);
  });

  /** In two where it goes over from what was printed before to what is printed now. */
  function write(bytes, offset) {
    const old = head - offset;
    if (old > 0 && old < bytes.length) {
      write(bytes.subarray(0, old), offset);
      write(bytes.subarray(old), head);
      return;
    }
    const end = offset + bytes.length;
    term.write(bytes, () => {
      parsed = end;
      channel.shown(end);
    });
  }

  channel.on("gap", (gap) => {
    if (term.buffer.active.type === "normal") term.write(afterGap(gap));
    else term.write("\x18");
  });
  channel.on("resize", (frame) => {
    if (!facts.isDriver) screen.follow(frame);
  });
  channel.on("driver", (frame) => {
    change({ isDriver: frame.is_driver });
    if (frame.is_driver) fitNow();
  });
  channel.on("exit", (frame) => {
    const message = endText(frame);
    term.write(afterEnd(message));
    change({ phase: "ended", message });
  });
  channel.on("lost", (frame) => {
    const message = lostText(frame);
    if (facts.phase === "live") term.write(afterEnd(message));
    change({ phase: frame.is_retried ? "waiting" : "ended", message });
  });
  channel.on("refused", () => on.refused(refusedText()));
  channel.on("state", ({ state, message }) => {
    if (state === "reconnecting" && facts.phase === "live") change({ phase: "away" });
    if (state === "closed" && message) change({ phase: "closed", message });
  });

  const mayRun = () => facts.phase === "live" && facts.isDriver && isAtPrompt(term);

  function untilPrompt() {
    return new Promise((resolve) => {
      const done = (value) => {
        clearTimeout(timer);
        watching.dispose();
        resolve(value);
      };
      const timer = setTimeout(() => done(false), READY_WITHIN_MS);
      const watching = term.onWriteParsed(() => {
        if (mayRun()) done(true);
      });
    });
  }

  const first = term.onWriteParsed(() => {
    if (!isAtPrompt(term)) return;
    facts.wasReady = true;
    first.dispose();
  });

  return {
    on: emitter.on,
    facts,
    screen,
    channel,
    mayRun,
    /** Puts a command there as if typed, and Enter; false where no prompt came. */
    async run(command) {
      if (!mayRun() && !(await untilPrompt())) return false;
      term.input(EMPTY_LINE);
      screen.paste(command);
      term.input("\r");
      term.scrollToBottom();
      return true;
    },
    open: channel.open,
    restart() {
      if (channel.state === "online") channel.start();
      else channel.open();
      term.focus();
    },
    dispose() {
      channel.close();
      screen.dispose();
      host.remove();
    },
  };
}
