// Who sits where: the state of the house, replayed from its events.

/**
 * @typedef {{ guest: string, seats: string[], at: number, status: string }} Hold
 * @typedef {{ rows: Map<string, string[]>, seats: Map<string, string | null>, holds: Map<string, Hold>, open: Set<string> }} State
 */

/**
 * An empty house. A seat points to the hold that has it, or to null; `open`
 * lists the open holds, oldest first.
 * @param {{ rows: Record<string, number> }} house
 * @returns {State}
 */
export function open(house) {
  const state = { rows: new Map(), seats: new Map(), holds: new Map(), open: new Set() };
  for (const [row, length] of Object.entries(house.rows)) {
    const names = Array.from({ length }, (_, index) => `${row}${index + 1}`);
    state.rows.set(row, names);
    for (const name of names) state.seats.set(name, null);
  }
  return state;
}

/**
 * The only place where the state changes.
 * @param {State} state
 * @param {{ type: string, at: number, hold: string, guest?: string, seats?: string[] }} event
 */
export function apply(state, event) {
  if (event.type === "held") {
    const { guest, seats, at } = event;
    state.holds.set(event.hold, { guest, seats, at, status: "open" });
    state.open.add(event.hold);
    for (const seat of seats) state.seats.set(seat, event.hold);
    return;
  }
  const hold = state.holds.get(event.hold);
  hold.status = event.type;
  state.open.delete(event.hold);
  if (event.type !== "confirmed") {
    for (const seat of hold.seats) state.seats.set(seat, null);
  }
}

/** What the usher sees: seat by seat "free", "held" or a guest's name. */
export function seatMap(state) {
  const map = {};
  for (const [seat, holder] of state.seats) {
    const hold = holder === null ? null : state.holds.get(holder);
    if (!hold) map[seat] = "free";
    else map[seat] = hold.status === "confirmed" ? hold.guest : "held";
  }
  return map;
}
