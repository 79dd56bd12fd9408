// Whether this browser can keep the recording while nothing can be sent.
import { bitsOf, STEPS } from "./quality.js";

const SLACK = 1.1;

/** Bytes a recording of this length takes at its largest: about 1.2 GB an hour, with the screen 1.6. */
export function neededBytes(ms, { screen = false } = {}) {
  return Math.ceil((bitsOf(STEPS[0], { screen }) / 8) * (Math.max(0, ms) / 1000) * SLACK);
}

/**
 * {code, freeBytes, minutes}: "ok", "short" (room for `minutes`, less than asked for), or "unknown" where the browser
 * does not tell. `ms` is how long may still be recorded; null for no end.
 */
export async function checkSpace(
  ms,
  { screen = false } = {},
  storage = globalThis.navigator?.storage,
) {
  const estimate = await storage?.estimate?.().catch(() => null);
  if (!estimate || !(estimate.quota > 0))
    return { code: "unknown", freeBytes: null, minutes: null };
  const freeBytes = Math.max(0, estimate.quota - estimate.usage);
  const minutes = Math.floor(freeBytes / neededBytes(60_000, { screen }));
  const isShort = ms !== null && freeBytes < neededBytes(ms, { screen });
  return { code: isShort ? "short" : "ok", freeBytes, minutes };
}

/** Asks that the browser does not clear what is not sent yet. False where it will not promise; never fails. */
export async function askToKeep(storage = globalThis.navigator?.storage) {
  try {
    return (await storage.persisted()) || (await storage.persist());
  } catch {
    return false;
  }
}

/** The same where the browser decides without asking the person: nothing pops up in the room. */
export async function keepQuietly(scope = globalThis) {
  try {
    const { state } = await scope.navigator.permissions.query({ name: "persistent-storage" });
    return state === "granted" ? await askToKeep(scope.navigator.storage) : false;
  } catch {
    return false;
  }
}

/** Before the start: short(minutes) when there is less room than may be needed; what is there is asked to be kept. */
export async function lookForSpace(ms, { screen, short, scope = globalThis }) {
  const { code, minutes } = await checkSpace(ms, { screen }, scope.navigator.storage);
  if (code === "short") short(minutes);
  await keepQuietly(scope);
}
