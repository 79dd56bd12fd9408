// The box office: answers a command and says which events it adds.

export const HOLD_SECONDS = 480;

/**
 * Decide one command without changing the state.
 * @param {import("./house.js").State} state
 * @param {{ id: string, at: number, do: string, guest?: string, seats?: string[], hold?: string, size?: number }} command
 * @returns {{ answer: object, events: object[] }}
 */
export function decide(state, command) {
  switch (command.do) {
    case "hold":
      return hold(state, command);
    case "confirm":
      return confirm(state, command);
    case "release":
      return release(state, command);
    default:
      return refuse(command, "unknown command");
  }
}

function hold(state, command) {
  const seats = command.seats.filter((seat) => isFree(state, seat, command.at));
  if (seats.length === 0) return refuse(command, "taken");
  const { id, at, guest } = command;
  return accept(command, seats, { type: "held", at, hold: id, guest, seats });
}

function confirm(state, command) {
  const found = state.holds.get(command.hold);
  if (!found) return refuse(command, "unknown hold");
  if (found.status !== "open") return refuse(command, "closed");
  if (command.at > found.at + HOLD_SECONDS) return refuse(command, "expired");
  const { at, hold } = command;
  return accept(command, found.seats, { type: "confirmed", at, hold });
}

function release(state, command) {
  const found = state.holds.get(command.hold);
  if (!found) return refuse(command, "unknown hold");
  if (found.status !== "open") return refuse(command, "closed");
  const { at, hold } = command;
  return accept(command, found.seats, { type: "released", at, hold });
}

function isFree(state, seat, at) {
  const holder = state.seats.get(seat);
  if (!holder) return true;
  const found = state.holds.get(holder);
  return found.status === "open" && at >= found.at + HOLD_SECONDS;
}

function accept(command, seats, event) {
  return { answer: { id: command.id, ok: true, seats }, events: [event] };
}

function refuse(command, reason) {
  return { answer: { id: command.id, ok: false, reason }, events: [] };
}
