// Adapts what is recorded to what can be sent: begins with what the check measured, then watches the queue.
import { createQuality, firstStep, OBSERVE_MS } from "./quality.js";

const keyOf = (interview) => `interviewlm:rate:${interview}`;

/** Kept by the check for the room of the same tab or a later one. */
export function keepRate(interview, megabits, storage = globalThis.localStorage) {
  try {
    storage.setItem(keyOf(interview), String(megabits));
  } catch {
    // Nothing known: the room begins with the full picture.
  }
}

/** Mbit/s, or 0 when nothing is known. */
export function readRate(interview, storage = globalThis.localStorage) {
  try {
    return Number(storage.getItem(keyOf(interview))) || 0;
  } catch {
    return 0;
  }
}

/**
 * `step` is what to record now; changed(step, before) is called when it is another. tick() is called by itself once in
 * ten seconds while running; `hasScreen()` says whether a screen is recorded too.
 */
export function createPace({ queue, megabits, hasScreen, changed }) {
  const quality = createQuality(firstStep(megabits, { screen: hasScreen() }));
  let state = "idle";
  let timer = null;

  queue.on("state", (now) => {
    state = now;
  });

  async function tick() {
    const before = quality.step;
    const { waiting_bytes: waitingBytes } = await queue.counts();
    const step = quality.observe({ waitingBytes, state, screen: hasScreen() });
    if (step && timer !== null) changed(step, before);
  }

  return {
    tick,
    get step() {
      return quality.step;
    },
    start() {
      timer ??= setInterval(() => tick().catch(() => {}), OBSERVE_MS);
    },
    stop() {
      clearInterval(timer);
      timer = null;
    },
  };
}
