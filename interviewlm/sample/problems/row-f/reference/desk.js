// The box office: answers a command and says which events it adds.

export const HOLD_SECONDS = 480;

/**
 * The events for holds that have run out by now, oldest hold first. They are
 * applied before a command is decided, so no rule below compares times.
 * @param {import("./house.js").State} state
 * @param {number} now
 */
export function expire(state, now) {
  const events = [];
  for (const hold of state.open) {
    const at = state.holds.get(hold).at + HOLD_SECONDS;
    if (at > now) break;
    events.push({ type: "expired", at, hold });
  }
  return events;
}

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
    case "best":
      return best(state, command);
    case "confirm":
      return close(state, command, "confirmed");
    case "release":
      return close(state, command, "released");
    default:
      return refuse(command, "unknown command");
  }
}

function hold(state, command) {
  const { id, at, guest, seats } = command;
  if (!seats.every((seat) => state.seats.has(seat))) return refuse(command, "unknown seat");
  if (!seats.every((seat) => isFree(state, seat))) return refuse(command, "taken");
  return accept(command, seats, { type: "held", at, hold: id, guest, seats });
}

function best(state, command) {
  const { id, at, guest, size } = command;
  for (const row of state.rows.values()) {
    const seats = nearestToMiddle(state, row, size);
    if (seats) return accept(command, seats, { type: "held", at, hold: id, guest, seats });
  }
  return refuse(command, "no room");
}

function nearestToMiddle(state, row, size) {
  let found = null;
  let nearest = Number.POSITIVE_INFINITY;
  for (let first = 0; first + size <= row.length; first += 1) {
    // Twice the distance of the two middles, to stay with whole numbers.
    const distance = Math.abs(2 * first + size - row.length);
    const seats = row.slice(first, first + size);
    if (distance < nearest && seats.every((seat) => isFree(state, seat))) {
      found = seats;
      nearest = distance;
    }
  }
  return found;
}

function close(state, command, type) {
  const found = state.holds.get(command.hold);
  if (!found) return refuse(command, "unknown hold");
  if (found.status === "expired") return refuse(command, "expired");
  if (found.status !== "open") return refuse(command, "closed");
  return accept(command, found.seats, { type, at: command.at, hold: command.hold });
}

function isFree(state, seat) {
  return state.seats.get(seat) === null;
}

function accept(command, seats, event) {
  return { answer: { id: command.id, ok: true, seats }, events: [event] };
}

function refuse(command, reason) {
  return { answer: { id: command.id, ok: false, reason }, events: [] };
}
