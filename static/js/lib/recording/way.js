// Which way chunks go: as the server says, until the bucket has refused often enough that only its CORS rules, its
// signatures or a filter in between can be the reason.

const MOST_FAILURES = 2;

/**
 * A failure counts only once the server was reached after it: while offline, nothing is known about the bucket.
 * wish() is what a ticket's request says beside the chunk; the reason goes with one request that was answered.
 */
export function createWay() {
  let failures = 0;
  let suspected = "";
  let reason = "";
  let isTold = false;

  return {
    wish() {
      if (failures < MOST_FAILURES) return {};
      return isTold ? { route: "web" } : { route: "web", direct_failed: reason };
    },
    heard(wanted) {
      if (wanted.direct_failed) isTold = true;
      if (!suspected) return;
      failures += 1;
      reason = suspected;
      suspected = "";
    },
    failed(why) {
      suspected = why;
    },
    worked() {
      suspected = "";
      if (failures < MOST_FAILURES) failures = 0;
    },
  };
}
