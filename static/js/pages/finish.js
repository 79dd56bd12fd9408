// Thank you: sends what of the recording is still on this computer, and says when it may be closed.
import { readJson, setText } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { mountLocalTimes } from "../lib/localtime.js";
import { startPage } from "../lib/page.js";
import { openQueue } from "../lib/recording/recording.js";

function describe({ captured_ms, stored_ms }) {
  const left = Math.max(0, Math.ceil((captured_ms - stored_ms) / 1000));
  return interpolate(
    gettext(
      "Keep this page open: %(seconds)s seconds are being sent. This page says when it is done.",
    ),
    { seconds: left },
  );
}

async function sendRest(notice, config) {
  const text = notice.querySelector("[data-unsent-text]");
  const queue = await openQueue({ base: config.base, csrf: () => config.csrf });
  const before = await queue.counts();
  if (!before.waiting) {
    queue.stop();
    return;
  }
  notice.hidden = false;
  setText(text, describe(before));
  queue.on("counts", (counts) => setText(text, describe(counts)));
  queue.start();
  await queue.drain();
  queue.stop();
  notice.className = "notice good";
  setText(notice.querySelector("strong"), gettext("Your recording is stored."));
  setText(text, gettext("You can close this page."));
}

startPage();
mountLocalTimes();
const config = readJson("finish-config");
if (config?.base) sendRest(document.querySelector("[data-unsent]"), config);
