// What the room knows of its recording, and every change of it told.
import { createEmitter } from "../events.js";
import { gettext } from "../i18n.js";

const secondsOf = ({ captured_ms, stored_ms }) => ({
  capturedSeconds: captured_ms / 1000,
  storedSeconds: stored_ms / 1000,
});

/**
 * Events: "change" (facts), "trouble" (text), "well" (). facts: {state, capturedSeconds, storedSeconds, waiting, message,
 * step, screen: {state, capturedSeconds, storedSeconds}}.
 */
export function createRoomFacts() {
  const emitter = createEmitter();
  const facts = {
    state: "off",
    capturedSeconds: 0,
    storedSeconds: 0,
    waiting: 0,
    message: "",
    step: "full",
    screen: { state: "off", capturedSeconds: 0, storedSeconds: 0 },
  };
  let standing = "";

  function change(values) {
    Object.assign(facts, values);
    emitter.emit("change", facts);
  }

  function trouble(message, state = facts.state) {
    change({ state, message });
    if (message) emitter.emit("trouble", message);
  }

  return {
    ...emitter,
    facts,
    change,
    trouble,
    /** A trouble that stays until it is over; "" ends it. */
    stand(message) {
      standing = message;
      if (message) {
        trouble(message);
        return;
      }
      change({ message });
      emitter.emit("well");
    },
    forget() {
      standing = "";
    },
    get standing() {
      return standing;
    },
    count({ captured_ms, stored_ms, waiting, tracks }) {
      const screen = { ...facts.screen, ...(tracks && secondsOf(tracks.screen)) };
      change({ ...secondsOf({ captured_ms, stored_ms }), waiting, screen });
    },
    /** What the queue says of the connection. */
    tellConnection(state) {
      const away = gettext("The connection is away. The recording waits on this computer.");
      if (state === "offline") change({ message: away });
      else if (facts.message === away) change({ message: standing });
    },
  };
}
