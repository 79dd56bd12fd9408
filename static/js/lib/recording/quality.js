// How much is recorded a second: chosen from what the connection carried in the check, then from the queue as it is.

export const AUDIO_BITS = 128_000;

/** Best first. `height` of the picture in pixels; without `videoBits` only sound is recorded. */
export const STEPS = [
  { name: "full", videoBits: 2_500_000, height: 720, screenBits: 1_000_000 },
  { name: "half", videoBits: 1_200_000, height: 720, screenBits: 600_000 },
  { name: "low", videoBits: 600_000, height: 720, screenBits: 400_000 },
  { name: "small", videoBits: 300_000, height: 360, screenBits: 250_000 },
  { name: "sound", videoBits: 0, height: 0, screenBits: 150_000 },
];

/** The time between two observations: that of a chunk. */
export const OBSERVE_MS = 10_000;
// What one trial upload measured is no promise.
const HEADROOM = 1.2;
const GROWN_TIMES = 3;
const LAGGING_CHUNKS = 3;
const CALM_CHUNKS = 2;
const CALM_TIMES = 6;
const MOST_CALM_TIMES = 60;
const SOON_TIMES = 12;

export function bitsOf(step, { screen = false } = {}) {
  return step.videoBits + AUDIO_BITS + (screen ? step.screenBits : 0);
}

/** The index of the first step that fits; never sound alone: one measurement takes nobody's picture away. */
export function firstStep(megabits, { screen = false } = {}) {
  if (!(megabits > 0)) return 0;
  const fits = STEPS.findIndex((step) => bitsOf(step, { screen }) * HEADROOM <= megabits * 1e6);
  const lowest = STEPS.findLastIndex((step) => step.videoBits > 0);
  return fits < 0 ? lowest : Math.min(fits, lowest);
}

/**
 * observe({waitingBytes, state, screen}) once in OBSERVE_MS, with the state of the queue; gives the new step when it
 * changes, else null. It goes down when the backlog has grown three times in a row while something was being sent, and up
 * after a minute without one; a step up that did not hold makes the next try later.
 */
export function createQuality(start = 0) {
  let at = start;
  let before = null;
  let grown = 0;
  let calm = 0;
  let patience = CALM_TIMES;
  let sinceRaised = Number.POSITIVE_INFINITY;

  function go(change) {
    at += change;
    grown = 0;
    calm = 0;
    return STEPS[at];
  }

  function lower() {
    if (sinceRaised <= SOON_TIMES) patience = Math.min(MOST_CALM_TIMES, patience * 2);
    sinceRaised = Number.POSITIVE_INFINITY;
    return go(1);
  }

  function raise() {
    sinceRaised = 0;
    return go(-1);
  }

  return {
    get step() {
      return STEPS[at];
    },
    observe({ waitingBytes, state, screen = false }) {
      const last = before ?? waitingBytes;
      before = waitingBytes;
      sinceRaised += 1;
      if (state === "offline") {
        // Nothing is known of a connection that is away.
        grown = 0;
        calm = 0;
        return null;
      }
      const chunk = (bitsOf(STEPS[at], { screen }) / 8) * (OBSERVE_MS / 1000);
      if (waitingBytes <= last) grown = 0;
      else if (state === "uploading") grown += 1;
      calm = waitingBytes < CALM_CHUNKS * chunk ? calm + 1 : 0;
      const isLagging = grown >= GROWN_TIMES && waitingBytes > LAGGING_CHUNKS * chunk;
      if (isLagging && at < STEPS.length - 1) return lower();
      if (calm >= patience && at > 0) return raise();
      return null;
    },
  };
}
