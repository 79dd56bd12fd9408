// Gets a lost camera or microphone back: when a device appears, a permission changes or the page is seen again.
import { AUDIO, openCapture, permissionState, stopStream, VIDEO } from "./capture.js";

const LOOK_MS = 15_000;
const DEVICES = { video: "camera", audio: "microphone" };

/**
 * `missing()` names the kinds that are not there ("video", "audio"); `found(tracks)` gets those that came back.
 * By itself it asks for a device only where the permission stands, so that no question comes out of nowhere; when a
 * device was plugged in, the question is expected.
 */
export function createMender({ missing, found, open = openCapture, scope = globalThis }) {
  const { navigator } = scope;
  const leaving = new AbortController();
  const { signal } = leaving;
  const statuses = [];
  let isBusy = false;

  async function allowed(kind, mayAsk) {
    const state = await permissionState(DEVICES[kind], navigator.permissions ?? {});
    return state === "granted" || (mayAsk && state !== "denied");
  }

  async function openKinds(kinds) {
    const wants = (kind, constraints) => (kinds.includes(kind) ? constraints : false);
    return open({ video: wants("video", VIDEO), audio: wants("audio", AUDIO) });
  }

  async function attempt(mayAsk) {
    const wanted = [];
    for (const kind of missing()) if (await allowed(kind, mayAsk)) wanted.push(kind);
    if (!wanted.length) return;
    const tries = wanted.length > 1 ? [wanted, ...wanted.map((kind) => [kind])] : [wanted];
    for (const kinds of tries) {
      try {
        const stream = await openKinds(kinds);
        if (signal.aborted) stopStream(stream);
        else found(stream.getTracks());
        return;
      } catch {
        // Still away: the next device or the next look tries again.
      }
    }
  }

  async function look({ mayAsk = false } = {}) {
    if (isBusy || signal.aborted || !missing().length) return;
    isBusy = true;
    await attempt(mayAsk).finally(() => {
      isBusy = false;
    });
  }

  async function watchPermission(name) {
    try {
      const status = await navigator.permissions.query({ name });
      status.addEventListener("change", () => look(), { signal });
      // Without a holder the browser may collect it, and its event with it.
      statuses.push(status);
    } catch {
      // A browser that does not tell.
    }
  }

  const plugged = () => look({ mayAsk: true });
  navigator.mediaDevices?.addEventListener?.("devicechange", plugged, { signal });
  scope.document?.addEventListener("visibilitychange", () => look(), { signal });
  for (const name of Object.values(DEVICES)) watchPermission(name);
  const timer = setInterval(look, LOOK_MS);

  return {
    look,
    stop() {
      leaving.abort();
      clearInterval(timer);
    },
  };
}
