// Leaving the room: once, after what is not stored yet has had its time, and never by accident.

const LEAVE_WITHIN_MS = 20_000;

/** Gives leave({url, wait}), which goes to the next page; with wait after the recording has been stored. */
export function createLeave({ documents, recording, url: last }) {
  let isLeaving = false;

  addEventListener("pagehide", () => documents.rememberAll());
  addEventListener("beforeunload", (event) => {
    const { unsaved, state, isKept } = documents.status;
    const isSafe = isKept && (state === "offline" || state === "held");
    if (!isLeaving && unsaved > 0 && !isSafe) event.preventDefault();
  });

  return async function leave({ url = last, wait = false } = {}) {
    if (wait) {
      const patience = new Promise((resolve) => setTimeout(resolve, LEAVE_WITHIN_MS));
      await Promise.race([recording.finish(), patience]);
    }
    if (isLeaving) return;
    isLeaving = true;
    recording.letGo();
    location.assign(url);
  };
}
