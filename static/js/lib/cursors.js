// Where the other writers are in a document: a caret with a name, and what they have selected.
import {
  Decoration,
  EditorView,
  StateEffect,
  StateField,
  sendableUpdates,
  Transaction,
  WidgetType,
} from "../../vendor/codemirror.js";
import { element } from "./dom.js";

const MOST_RANGES = 16;

/** {id, who, name, turn, ranges: [{anchor, head}]}; without ranges the writer is no longer in this document. */
const placed = StateEffect.define();

class Caret extends WidgetType {
  constructor({ who, name, turn }) {
    super();
    Object.assign(this, { who, name, turn });
  }

  eq(other) {
    return other.who === this.who && other.name === this.name && other.turn === this.turn;
  }

  toDOM() {
    // The name is no text of the document's: the style sheet shows it.
    const name = element("span", { class: "remote-name", "data-name": this.name });
    return element(
      "span",
      { class: "remote-caret", "data-who": this.who, "aria-hidden": "true" },
      name,
    );
  }

  ignoreEvent() {
    return true;
  }
}

function moved(writer, transaction) {
  // Their own typing takes their caret along; ours at the same place does not.
  const side = transaction.annotation(Transaction.remote) ? 1 : -1;
  const at = (position) => transaction.changes.mapPos(position, side);
  const ranges = writer.ranges.map(({ anchor, head }) => ({ anchor: at(anchor), head: at(head) }));
  return { ...writer, ranges };
}

const writers = StateField.define({
  create: () => new Map(),
  update(known, transaction) {
    const effects = transaction.effects.filter((effect) => effect.is(placed));
    if (!transaction.docChanged && effects.length === 0) return known;
    const next = new Map();
    for (const [id, writer] of known) {
      next.set(id, transaction.docChanged ? moved(writer, transaction) : writer);
    }
    for (const { value } of effects) {
      if (value.ranges) next.set(value.id, value);
      else next.delete(value.id);
    }
    return next;
  },
});

function draw(state) {
  const marks = [];
  for (const writer of state.field(writers).values()) {
    for (const { anchor, head } of writer.ranges) {
      const caret = Decoration.widget({ widget: new Caret(writer), side: head < anchor ? -1 : 1 });
      marks.push(caret.range(head));
      if (anchor === head) continue;
      const selected = Decoration.mark({ class: `remote-selection remote-${writer.who}` });
      marks.push(selected.range(Math.min(anchor, head), Math.max(anchor, head)));
    }
  }
  return Decoration.set(marks, true);
}

/** Shows the others in an editor. */
export function otherCursors() {
  return [writers, EditorView.decorations.compute([writers], draw)];
}

/** What waits to be stored in a document, as one change set; null when nothing does. */
function waiting(state) {
  const updates = sendableUpdates(state).map(({ changes }) => changes);
  return updates.length > 0 ? updates.reduce((all, changes) => all.compose(changes)) : null;
}

/** The selection of this editor as [anchor, head]. */
export function ownRanges(state) {
  return state.selection.ranges.slice(0, MOST_RANGES).map(({ anchor, head }) => [anchor, head]);
}

/** A position in the text the server has as one in this editor; whatever was said, it lies in the text. */
export function toLocal(state) {
  const changes = waiting(state);
  const most = changes ? changes.length : state.doc.length;
  return (position, side = 1) => {
    const at = Math.max(0, Math.min(position, most));
    return changes ? changes.mapPos(at, side) : at;
  };
}

/** Puts a writer into a document, or moves them there; ranges are [anchor, head] in the text the server has. */
export function placeWriter(doc, { ranges, ...writer }) {
  const at = toLocal(doc.state);
  const local = ranges.map(([anchor, head]) => ({ anchor: at(anchor), head: at(head) }));
  doc.dispatch({ effects: placed.of({ ...writer, ranges: local }) });
}

export function removeWriter(doc, id) {
  doc.dispatch({ effects: placed.of({ id, ranges: null }) });
}

/** Where a writer's caret is in a document now, or null. */
export function caretOf(state, id) {
  return state.field(writers, false)?.get(id)?.ranges[0]?.head ?? null;
}
