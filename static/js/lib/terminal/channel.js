// The socket of one terminal: bytes both ways; after a lost connection it goes on where it stood.
import { createEmitter } from "../events.js";
import { createSocket } from "../socket.js";
import { createAcks, createPosition, readOutput } from "./output.js";

// A frame stays below 1 MiB, and a program reads slowly.
const PIECE_BYTES = 16_384;
const LEAST = 1;
const MOST = 500;

/** Rows and columns as the runner takes them. */
export function clampSize({ rows, cols }) {
  const clamp = (value) => Math.min(MOST, Math.max(LEAST, Math.round(value) || LEAST));
  return { rows: clamp(rows), cols: clamp(cols) };
}

/**
 * address(query) gives the socket's address, size() the {rows, cols} to ask for.
 * Events: "hello" (frame, {isOther}: another shell than before), "output" (bytes, offset), "gap" ({from, to}), and the
 * frames "resize", "exit", "lost", "driver" and "refused"; "state" as of the socket.
 */
export function createChannel({ address, size, WebSocket = globalThis.WebSocket, ...options }) {
  const emitter = createEmitter();
  const position = createPosition();
  let wire = null;
  let shell = null;

  /** Bytes are taken here, before the socket reads what comes as JSON. */
  class ByteSocket extends WebSocket {
    constructor(url) {
      super(url);
      wire = this;
      this.binaryType = "arraybuffer";
      this.addEventListener("message", (event) => {
        if (typeof event.data === "string") return;
        event.stopImmediatePropagation();
        if (wire === this) receive(event.data);
      });
    }
  }

  // A terminal that is not there yet says so in place of hello, and is looked for by the server.
  const socket = createSocket(url, { ...options, WebSocket: ByteSocket, greeting: "lost" });
  const acks = createAcks((upto) => socket.send({ type: "ack", upto }));

  function url() {
    const query = new URLSearchParams(clampSize(size()));
    if (shell !== null) query.set("shell", shell);
    if (position.next !== null) query.set("after", position.next);
    return address(query);
  }

  function receive(buffer) {
    const frame = readOutput(buffer);
    if (!frame || shell === null) return;
    const { bytes, from, to } = position.take(frame);
    if (from < to) emitter.emit("gap", { from, to });
    if (bytes.length > 0) emitter.emit("output", bytes, position.next - bytes.length);
  }

  socket.on("hello", (frame) => {
    if (frame.type !== "hello") return;
    const isOther = shell !== null && shell !== frame.shell;
    if (shell !== frame.shell) position.moveTo(frame.offset);
    shell = frame.shell;
    acks.begin(frame.offset, frame.limits?.ack_bytes);
    emitter.emit("hello", frame, { isOther });
  });
  for (const name of ["resize", "exit", "lost", "driver", "refused", "state"]) {
    socket.on(name, (frame) => emitter.emit(name, frame));
  }

  return {
    on: emitter.on,
    open: socket.open,
    close: socket.close,
    shown: acks.shown,
    get state() {
      return socket.state;
    },
    resize: (size) => socket.send({ type: "resize", ...clampSize(size) }),
    start: () => socket.send({ type: "start" }),
    /** Another token says who this is: the workspace's connection was made anew. */
    introduce: (token) => socket.send({ type: "writer", token }),
    end: () => socket.send({ type: "close" }),
    /** Whether it is on its way: nothing is kept for a connection that is lost. */
    write(bytes) {
      if (socket.state !== "online") return false;
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        wire.send(bytes.subarray(at, at + PIECE_BYTES));
      }
      return true;
    },
  };
}
