// Which text of a document an interviewer wrote, marked in the editor and kept through edits.
import {
  Decoration,
  EditorView,
  StateEffect,
  StateField,
  Transaction,
} from "../../vendor/codemirror.js";
import { toLocal } from "./cursors.js";
import { gettext } from "./i18n.js";

const INTERVIEWER = "interviewer";

/** {ranges: [[from, to]…], isAll}: these too, or these and no others. */
const noted = StateEffect.define();

/** In order, apart, none empty. */
export function joinRanges(ranges) {
  const joined = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (from >= to) continue;
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** What of the ranges stays, where it is after the changes; what was put in between is not theirs. */
export function mapRanges(ranges, changes) {
  const mapped = [];
  changes.iterGaps((fromA, fromB, length) => {
    for (const [from, to] of ranges) {
      const start = Math.max(from, fromA);
      const end = Math.min(to, fromA + length);
      if (start < end) mapped.push([start - fromA + fromB, end - fromA + fromB]);
    }
  });
  return mapped;
}

export function insertedRanges(changes) {
  const found = [];
  changes.iterChangedRanges((_fromA, _toA, fromB, toB) => {
    if (fromB < toB) found.push([fromB, toB]);
  }, true);
  return found;
}

function isOwnText(transaction) {
  const isBack = transaction.isUserEvent("undo") || transaction.isUserEvent("redo");
  return !transaction.annotation(Transaction.remote) && !isBack;
}

/** The field, once for each kind of window: an interviewer's marks what is typed in it. */
function createField(isInterviewer) {
  return StateField.define({
    create: () => [],
    update(known, transaction) {
      const { changes, docChanged, effects } = transaction;
      let ranges = known;
      if (docChanged) {
        const own = isInterviewer && isOwnText(transaction) ? insertedRanges(changes) : [];
        if (known.length > 0 || own.length > 0) {
          ranges = joinRanges([...mapRanges(known, changes), ...own]);
        }
      }
      for (const effect of effects) {
        if (!effect.is(noted)) continue;
        const { ranges: more, isAll } = effect.value;
        ranges = joinRanges(isAll ? more : [...ranges, ...more]);
      }
      return ranges;
    },
    provide: (field) => EditorView.decorations.from(field, draw),
  });
}

function draw(ranges) {
  const mark = Decoration.mark({
    class: "by-interviewer",
    attributes: { title: gettext("Written by an interviewer") },
  });
  return Decoration.set(ranges.map(([from, to]) => mark.range(from, to)));
}

const fields = { true: createField(true), false: createField(false) };

export function interviewerText({ isInterviewer = false } = {}) {
  return fields[isInterviewer];
}

function note(doc, ranges, isAll) {
  const at = toLocal(doc.state);
  const local = ranges.map(([from, to]) => [at(from, 1), at(to, -1)]);
  doc.dispatch({ effects: noted.of({ ranges: local, isAll }) });
}

/** From document.opened: where the server knows interviewers' text in a version. */
export function noteOpened(doc, { version, interviewer = [] }) {
  if (doc.version() === version) note(doc, interviewer, true);
}

/** From updates that were just taken over: {origin?, changes} in order, the last of which made the text as it is. */
export function noteUpdates(doc, updates) {
  let ranges = [];
  for (const { origin, changes } of updates) {
    ranges = mapRanges(ranges, changes);
    if (origin === INTERVIEWER) ranges = joinRanges([...ranges, ...insertedRanges(changes)]);
  }
  if (ranges.length > 0) note(doc, ranges, false);
}
