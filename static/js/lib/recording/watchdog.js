// Notices a recorder that yields nothing, by counting and not by the clock: a busy page is not a silent recorder.

const EMPTY_SLICES = 2;
const SILENT_TICKS = 3;
const FIRST_TICKS = 5;

/**
 * fed(size) for every slice the recorder gives, tick() once in the time of a slice. `onSilent` is called once: after two
 * empty slices in a row, or when two whole slices are missing. The first slice of all may take longer.
 */
export function createWatchdog(onSilent) {
  let empty = 0;
  let silent = 0;
  let hasBegun = false;
  let isOver = false;

  function look() {
    const patience = hasBegun ? SILENT_TICKS : FIRST_TICKS;
    if (isOver || (empty < EMPTY_SLICES && silent < patience)) return;
    isOver = true;
    onSilent();
  }

  return {
    fed(size) {
      silent = 0;
      empty = size > 0 ? 0 : empty + 1;
      if (size > 0) hasBegun = true;
      look();
    },
    tick() {
      silent += 1;
      look();
    },
  };
}
