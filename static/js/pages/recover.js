// The recovery link: sends what this browser still holds of a recording, and says when everything is safe.
//
// The server gives one json_script "recover-config":
//   base         where chunks go, as in the room
//   csrf         the token
//   is_complete  true when the server misses nothing
// and inside [data-recover]: [data-recover-title], [data-recover-text], progress[data-recover-progress] and
// button[data-recover-again].
import { readJson, setText } from "../lib/dom.js";
import { startPage } from "../lib/page.js";
import { openQueue } from "../lib/recording/recording.js";
import { describeRecovery, recover } from "../lib/recording/recovery.js";
import { sendRest } from "../lib/recording/rest.js";

function mountRecovery(root, config) {
  const find = (name) => root.querySelector(`[data-recover-${name}]`);
  let isUnsent = false;

  function tell(state, { leftSeconds = 0, share = 0, refusal = null } = {}) {
    const isComplete = Boolean(config.is_complete);
    const { level, title, text, isDone } = describeRecovery(state, {
      leftSeconds,
      refusal,
      isComplete,
    });
    root.className = `notice ${level}`;
    root.dataset.recover = state;
    setText(find("title"), title);
    setText(find("text"), text);
    find("progress").hidden = isDone || state === "looking";
    find("progress").value = share;
    find("again").hidden = !["nothing", "refused", "no_store"].includes(state);
    isUnsent = state === "uploading" || state === "waiting";
  }

  async function run() {
    tell("looking");
    try {
      const queue = await openQueue({ base: config.base, csrf: () => config.csrf });
      if ((await recover(queue, sendRest, tell)) === "nothing") tell("nothing");
    } catch {
      tell("no_store");
    }
  }

  find("again").addEventListener("click", run);
  globalThis.addEventListener("beforeunload", (event) => isUnsent && event.preventDefault());
  run();
}

startPage();
mountRecovery(document.querySelector("[data-recover]"), readJson("recover-config"));
