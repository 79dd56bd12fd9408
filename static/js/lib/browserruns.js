// A run of the tests in this browser, as the results' panel shows runs; the server only gets a note of it.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";
import { createBrowserRuns } from "./pyodide.js";
import { countTests, stripAnsi } from "./runlog.js";

/** What such a run has in place of the server's id. */
export const HERE = "in-browser";

/** config is that of createBrowserRuns. */
export function createBrowserTests({ config, documents, socket }) {
  const browser = createBrowserRuns({ config, documents });

  function note(section, tests) {
    const { passed, failed } = countTests(tests);
    const frame = { type: "run.in_browser", section, passed, failed };
    // A claim that nobody leans on: it may get lost.
    socket.request(frame, { resend: false }).catch(() => {});
  }

  /** panel is {setState, onStarted, write, onFinished} of runs.js. */
  async function perform(section, { setState, onStarted, write, onFinished }) {
    setState("busy", gettext("Loading Python in your browser…"));
    const end = await browser.run(section, {
      onStart: () => onStarted({ run: HERE, argv_text: "pytest" }),
      onOutput: (stream, text) => write(stream, stripAnsi(text)),
    });
    if (end.tests.length > 0) note(section, end.tests);
    const message =
      end.reason === "failed"
        ? gettext(
            "Python could not be loaded in this browser, so the tests did not run. Try again.",
          )
        : "";
    onFinished({ ...end, run: HERE, message, isUnverified: true });
  }

  return {
    can: browser.can,
    cancel: browser.cancel,
    perform,
  };
}

export const unverifiedMark = () => gettext("Unverified, in your browser");

/** Says above the results what they are worth. */
export function markTests(list) {
  const text = gettext(
    "Unverified: your tests ran in your browser, because this server cannot run code now. The results are for you, nothing is judged by them.",
  );
  list.prepend(element("p", { class: "tests-mark" }, text));
}

/** What the panel says while the server cannot run code. */
export function offText(canRunHere, message) {
  if (canRunHere) return gettext("This server cannot run code now. Tests run in your browser.");
  return message || gettext("Running code is off.");
}
