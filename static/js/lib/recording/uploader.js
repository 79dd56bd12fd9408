// Sends what the store holds, three requests at a time (one after a failure, until it is well again); nothing leaves the store before the server has acknowledged it.
import { reconcile } from "./reconcile.js";
import { createSending } from "./sending.js";
import { retryDelay } from "./uploads.js";

const LOOK_AGAIN_MS = 1000;
const OFFLINE_LOOK_MS = 8000;
const COMPARE_EACH_MS = 120_000;
const AT_ONCE = 3;
// So many answers in a row without a failure before one request more goes out beside them.
const WIDEN_AFTER = 5;

/**
 * run() works until `signal` aborts; wake() ends a rest early: "work", "online" or "leave". At first and every two
 * minutes the store is compared with the server's manifest; emits "holes" with what it says is missing.
 */
export function createUploader({
  base,
  store,
  uploads,
  scope,
  emit,
  endOrphans,
  signal,
  onProgress,
  atOnce = AT_ONCE,
}) {
  const sending = createSending({ base, store, uploads, emit });
  const busy = new Map();
  let answers = [];
  let interrupt = () => {};
  let attempt = 0;
  let width = atOnce;
  let taken = 0;
  let state = null;
  let comparedAt = Number.NEGATIVE_INFINITY;

  function setState(next) {
    if (state !== next) emit("state", next);
    state = next;
  }

  /** Resolves after the time, or earlier on what it may be woken by: work, online, or leaving. */
  function rest(ms, wakers = ["work", "online", "leave"]) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = (cause) => {
        if (!wakers.includes(cause)) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The answer is looked at by the loop, so that several lost at once are one reason to wait. */
  function launch({ key, send }) {
    const done = send()
      .then(async (answer) => {
        await onProgress();
        answers.push(answer);
      })
      .catch(() => answers.push({ kind: "failed" }))
      .finally(() => {
        busy.delete(key);
        interrupt("work");
      });
    busy.set(key, done);
  }

  async function compare() {
    const time = scope.performance?.now() ?? Date.now();
    if (!uploads.manifest || time - comparedAt < COMPARE_EACH_MS || busy.size) return;
    comparedAt = time;
    const manifest = await uploads.manifest();
    if (!manifest) return;
    if (await reconcile(store, base, manifest)) await onProgress();
    emit("holes", manifest.holes);
  }

  async function fill() {
    while (busy.size < width) {
      const found = await sending.next(busy);
      if (!found) return;
      launch(found);
    }
  }

  async function step() {
    if (scope.navigator.onLine === false) {
      setState("offline");
      await rest(OFFLINE_LOOK_MS, ["online", "leave"]);
      return;
    }
    await compare();
    await fill();
    if (!busy.size && !answers.length) {
      setState("idle");
      await rest(LOOK_AGAIN_MS);
      await endOrphans();
      return;
    }
    setState("uploading");
    if (!answers.length) await Promise.race([...busy.values(), rest(LOOK_AGAIN_MS)]);
    await heed();
  }

  async function heed() {
    const heard = answers;
    answers = [];
    if (heard.some((answer) => answer.kind === "failed")) throw new Error("storage_failed");
    const again = heard.filter((answer) => answer.kind === "again");
    if (again.length) {
      // Three at once on a line that carries one would run out of time together, for ever.
      width = 1;
      taken = 0;
      await backOff(Math.max(...again.map((answer) => answer.after_ms ?? 0)));
    } else if (heard.length) {
      attempt = 0;
      taken += heard.length;
      if (taken >= WIDEN_AFTER && width < atOnce) {
        width += 1;
        taken = 0;
      }
    }
  }

  /** What the server asks for is kept to; otherwise work and a connection that is back end the wait. */
  async function backOff(after_ms) {
    setState("waiting");
    const delay = after_ms || retryDelay(attempt);
    attempt += 1;
    await rest(delay, after_ms ? ["leave"] : ["online", "leave"]);
  }

  return {
    wake: (cause) => interrupt(cause),
    forgiveRefusals: sending.forgiveRefusals,
    async run() {
      await endOrphans();
      await sending.forgiveRefusals();
      while (!signal.aborted) {
        try {
          await step();
        } catch {
          emit("problem", { code: "storage_failed" });
          await rest(OFFLINE_LOOK_MS, ["leave"]);
        }
      }
      await Promise.allSettled(busy.values());
    },
  };
}
