// Undecided parts in the editor: the lines that would go are marked, those that would come stand below, with the choice.
//
// The document stays what is stored: a merge view would put the proposal into it, and collab would send it as typed.
import { Decoration, EditorView, StateEffect, StateField } from "../../../vendor/codemirror.js";
import { toLocal } from "../cursors.js";
import { createHunkWidget } from "./hunkwidget.js";

/** [{key, from, to, hunk, isBusy}]: these and no others. */
const shown = StateEffect.define();

export const keyOf = (proposal, hunk) => `${proposal.edit}/${hunk.hunk}`;

function moved(mark, changes) {
  const from = changes.mapPos(mark.from, 1);
  return { ...mark, from, to: Math.max(from, changes.mapPos(mark.to, -1)) };
}

const oldLine = Decoration.line({ class: "cm-hunk-old" });

/** The act is {accept, refuse, draftOf, keepDraft}; see hunkwidget.js. */
export function hunkMarks(act) {
  function decorate(state, marks) {
    const ranges = [];
    for (const mark of marks) {
      const isStale = state.sliceDoc(mark.from, mark.to) !== mark.hunk.old;
      const widget = createHunkWidget(act, mark, isStale);
      const { doc } = state;
      let end = doc.lineAt(mark.from);
      for (let at = mark.from; at < mark.to; at = end.to + 1) {
        end = doc.lineAt(at);
        ranges.push(oldLine.range(end.from));
      }
      const isBefore = mark.from === mark.to && mark.from === end.from;
      const place = isBefore ? end.from : end.to;
      ranges.push(Decoration.widget({ widget, block: true, side: isBefore ? -1 : 1 }).range(place));
    }
    return Decoration.set(ranges, true);
  }

  const field = StateField.define({
    create: () => ({ marks: [], decorations: Decoration.none }),
    update(known, transaction) {
      let { marks } = known;
      if (transaction.docChanged && marks.length > 0)
        marks = marks.map((mark) => moved(mark, transaction.changes));
      for (const effect of transaction.effects) if (effect.is(shown)) marks = effect.value;
      if (marks === known.marks) return known;
      return { marks, decorations: decorate(transaction.state, marks) };
    },
    provide: (self) => EditorView.decorations.from(self, ({ decorations }) => decorations),
  });

  /** Where a part stands in an editor: as the server says, else where its lines are nearest. */
  function locate(doc, hunk) {
    const text = doc.state.doc.toString();
    if (hunk.at && hunk.at.version === doc.version()) {
      const at = toLocal(doc.state);
      return [at(hunk.at.start, 1), at(hunk.at.start + hunk.old.length, -1)];
    }
    const { lines } = doc.state.doc;
    const near = doc.state.doc.line(Math.max(1, Math.min(hunk.line, lines))).from;
    if (!hunk.old) return [near, near];
    let best = -1;
    for (let at = text.indexOf(hunk.old); at >= 0; at = text.indexOf(hunk.old, at + 1))
      if (best < 0 || Math.abs(at - near) < Math.abs(best - near)) best = at;
    return best < 0 ? [near, near] : [best, best + hunk.old.length];
  }

  return {
    extension: field,

    /** Shows these [proposal, hunk] in a document; one that is there already stays where it is. */
    show(doc, pairs) {
      const { marks } = doc.state.field(field);
      const known = new Map(marks.map((mark) => [mark.key, mark]));
      const next = pairs.map(([proposal, hunk]) => {
        const key = keyOf(proposal, hunk);
        const [from, to] = known.has(key)
          ? [known.get(key).from, known.get(key).to]
          : locate(doc, hunk);
        return { key, from, to: Math.max(from, to), hunk, isBusy: proposal.isBusy };
      });
      const isKnown = ({ key, hunk, isBusy }) =>
        known.get(key)?.hunk === hunk && known.get(key).isBusy === isBusy;
      if (next.length === marks.length && next.every(isKnown)) return;
      doc.dispatch({ effects: shown.of(next.sort((a, b) => a.from - b.from)) });
    },

    /** Where a part stands now, or null. */
    find: (doc, key) => doc.state.field(field).marks.find((mark) => mark.key === key) ?? null,
  };
}
