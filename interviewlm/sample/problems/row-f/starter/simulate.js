// One evening at the box office.

import { pathToFileURL } from "node:url";
import { decide } from "./desk.js";
import { apply, open, seatMap } from "./house.js";

/**
 * Run the commands one after the other against an empty house.
 * @param {{ rows: Record<string, number> }} house
 * @param {object[]} commands
 */
export function simulate(house, commands) {
  const state = open(house);
  const events = [];
  const answers = [];
  for (const command of commands) {
    const decided = decide(state, command);
    for (const event of decided.events) {
      apply(state, event);
      events.push(event);
    }
    answers.push(decided.answer);
  }
  return { events, answers, seats: seatMap(state) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const evening = simulate({ rows: { F: 8 } }, [
    { id: "c1", at: 0, do: "hold", guest: "Ada", seats: ["F6", "F7"] },
    { id: "c2", at: 480, do: "hold", guest: "Bo", seats: ["F6", "F7"] },
    { id: "c3", at: 480, do: "confirm", hold: "c1" },
    { id: "c4", at: 490, do: "confirm", hold: "c2" },
  ]);
  console.log(JSON.stringify(evening, null, 2));
}
