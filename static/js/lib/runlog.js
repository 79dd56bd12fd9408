// What is known of one run: output in order without gaps or repeats, and a line for each test. No DOM here.
import { gettext, interpolate, ngettext } from "./i18n.js";
import { LIMITS } from "./protocol.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours start with one
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

export function stripAnsi(text) {
  return text.replace(ANSI, "");
}

/** Takes run.output frames; "gap" means run.resume from received is due. */
export function createRunLog(limit = LIMITS.OUTPUT_CHARS) {
  let received = 0;
  let kept = 0;
  return {
    get received() {
      return received;
    },
    take({ offset, text, stream }) {
      if (offset > received) return { gap: true, text: "" };
      const fresh = text.slice(received - offset);
      received += fresh.length;
      const shown = fresh.slice(0, Math.max(0, limit - kept));
      kept += shown.length;
      return { gap: false, text: stripAnsi(shown), stream };
    },
  };
}

export function countTests(tests) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const test of tests) {
    if (test.outcome === "passed") counts.passed += 1;
    else if (test.outcome === "skipped") counts.skipped += 1;
    else counts.failed += 1;
  }
  return counts;
}

export function formatDuration(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 1000) return interpolate(gettext("%(n)s ms"), { n: Math.round(ms) });
  return interpolate(gettext("%(n)s s"), { n: (ms / 1000).toFixed(ms < 10_000 ? 1 : 0) });
}

function formatBytes(bytes) {
  return interpolate(gettext("%(n)s MB"), { n: Math.round(bytes / 1_000_000) });
}

const REASONS = {
  cancelled: () => gettext("Stopped by you."),
  timeout: (run) =>
    interpolate(
      gettext("Stopped after %(time)s: the time limit. Look for a loop that does not end."),
      {
        time: formatDuration(run.duration_ms),
      },
    ),
  memory: () => gettext("Stopped: it used more memory than there is for a run."),
  output: () => gettext("Stopped: it printed more than a run may print."),
  failed: (run) =>
    run.message ||
    gettext("The run could not be carried out. This is not your code; run it again."),
};

function verdict(run) {
  if (!run.tests?.length) {
    if (run.kind === "tests") return gettext("No test was found or none could start. See Output.");
    return interpolate(gettext("Ended with exit code %(code)s."), { code: run.exit_code });
  }
  const { passed, failed } = countTests(run.tests);
  if (failed === 0)
    return interpolate(ngettext("%(n)s test passed.", "All %(n)s tests passed.", passed), {
      n: passed,
    });
  return interpolate(gettext("%(failed)s of %(all)s failed."), { failed, all: run.tests.length });
}

/** One line for a finished run: {level: good|danger|warning, text, facts}. */
export function summarise(run) {
  const facts = [formatDuration(run.duration_ms)];
  if (run.peak_memory_bytes) facts.push(formatBytes(run.peak_memory_bytes));
  if (run.truncated) facts.push(gettext("output cut"));
  const stopped = REASONS[run.reason];
  if (stopped) {
    const level = run.reason === "cancelled" ? "warning" : "danger";
    return { level, text: stopped(run), facts };
  }
  const clean =
    run.kind === "tests"
      ? run.tests?.length && countTests(run.tests).failed === 0
      : run.exit_code === 0;
  return { level: clean ? "good" : "danger", text: verdict(run), facts };
}
