// Thank you: sends what of the work and the recording is still on this computer, and says when it may be closed.
import { readJson, setText } from "../lib/dom.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { sendLeft } from "../lib/latework.js";
import { mountLocalTimes } from "../lib/localtime.js";
import { startPage } from "../lib/page.js";
import { createPendingStore } from "../lib/pendingstore.js";
import { refusalHelp } from "../lib/recording/help.js";
import { openQueue } from "../lib/recording/recording.js";
import { sendRest } from "../lib/recording/rest.js";

function describe({ left_ms }) {
  const left = Math.ceil(left_ms / 1000);
  return interpolate(
    gettext(
      "Keep this page open: %(seconds)s seconds are being sent. This page says when it is done.",
    ),
    { seconds: left },
  );
}

async function tellRest(notice, config) {
  const head = notice.querySelector("strong");
  const text = notice.querySelector("[data-unsent-text]");
  const queue = await openQueue({ base: config.base, csrf: () => config.csrf });
  const ended = await sendRest(queue, (counts) => {
    notice.hidden = false;
    setText(text, describe(counts));
  });
  if (!ended) return;
  if (ended.refusal) {
    setText(head, gettext("Part of your recording was not taken."));
    setText(text, refusalHelp(ended.refusal));
    return;
  }
  notice.className = "notice good";
  setText(head, gettext("Your recording is stored."));
  setText(text, gettext("You can close this page."));
}

startPage();
mountLocalTimes();
const config = readJson("finish-config");
if (config) {
  const { interview, late_url: url, csrf } = config;
  const line = document.querySelector("[data-late]");
  // What cannot be sent now stays in the browser for the next visit.
  sendLeft({ store: createPendingStore(interview), line, url, csrf }).catch(() => {});
}
if (config?.base) tellRest(document.querySelector("[data-unsent]"), config);
