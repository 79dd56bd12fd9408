import assert from "node:assert/strict";
import { test } from "node:test";

const CATALOGUE = {
  Stop: "Zatrzymaj",
  "%(n)s taken": ["%(n)s wzięta", "%(n)s wzięte", "%(n)s wziętych", "%(n)s wzięte"],
};

globalThis.document = {
  documentElement: { lang: "pl" },
  getElementById: (id) =>
    id === "js-catalogue" ? { textContent: JSON.stringify(CATALOGUE) } : null,
};
const { gettext, interpolate, ngettext } = await import("../../static/js/lib/i18n.js");

test("words of the catalogue take the place of English ones, the others stay", () => {
  assert.deepEqual([gettext("Stop"), gettext("Ask")], ["Zatrzymaj", "Ask"]);
});

test("plurals follow the rules of the page's language", () => {
  const taken = (n) => interpolate(ngettext("%(n)s taken", "%(n)s taken", n), { n });
  assert.deepEqual([1, 3, 5, 22].map(taken), ["1 wzięta", "3 wzięte", "5 wziętych", "22 wzięte"]);
});

test("plurals without a translation are English", () => {
  assert.deepEqual(
    [1, 2].map((n) => ngettext("file", "files", n)),
    ["file", "files"],
  );
});
