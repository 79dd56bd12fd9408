// Test results as a list: one line a test, open for its detail.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";
import { formatDuration } from "./runlog.js";

const MARKS = { passed: "✓", skipped: "–" };

function drawTest(test) {
  const outcome = test.outcome === "passed" || test.outcome === "skipped" ? test.outcome : "failed";
  const words = {
    passed: gettext("passed"),
    skipped: gettext("skipped"),
    failed: gettext("failed"),
  };
  const line = [
    element("span", { class: "test-mark", "aria-hidden": "true" }, MARKS[outcome] ?? "✕"),
    element("span", { class: "visually-hidden" }, words[outcome]),
    element("span", { class: "test-name code" }, test.name),
    element("span", { class: "test-time number muted" }, formatDuration(test.duration_ms)),
  ];
  if (!test.message)
    return element(
      "li",
      { class: `test ${outcome}` },
      element("div", { class: "test-line" }, ...line),
    );
  const detail = element("pre", { class: "test-detail", tabindex: "0" }, test.message);
  const details = element(
    "details",
    {},
    element("summary", { class: "test-line" }, ...line),
    detail,
  );
  return element("li", { class: `test ${outcome}` }, details);
}

/** The list of a finished run, the first failure open. */
export function drawTests(tests) {
  const list = element("ul", { class: "tests" }, ...tests.map(drawTest));
  const first = list.querySelector(".failed details");
  if (first) first.open = true;
  return list;
}

/** What stands in their place where a run gave none. */
export function noResultsText() {
  return element("p", { class: "empty" }, gettext("No test results. See Output."));
}
