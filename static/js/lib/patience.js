// Waiting, but not for ever.
import { ERROR } from "./protocol.js";
import { SocketError } from "./socket.js";

/** The same promise, rejected as timed out after so many milliseconds: an answer may get lost on a connection that lives. */
export function within(milliseconds, promise) {
  let timer;
  const patience = new Promise((_resolve, reject) => {
    const late = () => reject(new SocketError({ code: ERROR.TIMEOUT, retryable: true }));
    timer = setTimeout(late, milliseconds);
  });
  return Promise.race([promise, patience]).finally(() => clearTimeout(timer));
}
