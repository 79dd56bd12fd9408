// Marks of mistakes: when the file shown is stored and nothing was typed for a second, the server has it looked at.
import {
  ChangeSet,
  EditorState,
  EditorView,
  keymap,
  linter,
  lintGutter,
  nextDiagnostic,
  openLintPanel,
  previousDiagnostic,
  StateEffect,
  StateField,
  setDiagnostics,
} from "../../vendor/codemirror.js";
import { languageFor } from "./editorlanguages.js";
import { gettext } from "./i18n.js";

const IDLE_MS = 1_000;
const LOOK_AGAIN_MS = 500;
const PATIENCE_MS = 20_000;

const asked = StateEffect.define();

/** What was changed since the file was asked about, so that the answer finds its places; null while nothing is asked. */
const changedSince = StateField.define({
  create: () => null,
  update(value, transaction) {
    const effect = transaction.effects.find((each) => each.is(asked));
    if (effect) {
      const id = effect.value;
      return id && { id, changes: ChangeSet.empty(transaction.newDoc.length) };
    }
    if (!value || !transaction.docChanged) return value;
    return { ...value, changes: value.changes.compose(transaction.changes) };
  },
});

/** Marks at their places in the text as it is now; those whose text is gone are left out. */
export function placeDiagnostics(found, changes, tool) {
  const clamp = (at) => Math.max(0, Math.min(at, changes.length));
  return found.flatMap(({ from, to, severity, message, code }) => {
    const start = changes.mapPos(clamp(from), 1);
    const end = changes.mapPos(clamp(to), -1);
    if (end < start) return [];
    const source = [tool, code].filter(Boolean).join(" ");
    return [{ from: start, to: end, severity, message, source }];
  });
}

const theme = EditorView.theme({
  ".cm-lintRange": {
    backgroundImage: "none",
    textDecoration: "underline wavy",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-error": { textDecorationColor: "var(--danger)" },
  ".cm-lintRange-warning": { textDecorationColor: "var(--warning)" },
  ".cm-lintRange-info": { textDecorationColor: "var(--text-muted)" },
  ".cm-lintRange-active": { backgroundColor: "var(--code-match)" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--danger)" },
  ".cm-lintPoint-warning:after": { borderBottomColor: "var(--warning)" },
  ".cm-lintPoint-info:after": { borderBottomColor: "var(--text-muted)" },
  ".cm-gutter-lint": { inlineSize: "16px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0", display: "grid", placeItems: "center" },
  ".cm-lint-marker": { inlineSize: "8px", blockSize: "8px" },
  ".cm-lint-marker-error": {
    content: "normal",
    backgroundColor: "var(--danger)",
    borderRadius: "50%",
  },
  ".cm-lint-marker-warning": {
    content: "normal",
    backgroundColor: "var(--warning)",
    clipPath: "polygon(50% 0, 100% 100%, 0 100%)",
  },
  ".cm-lint-marker-info": { content: "normal", backgroundColor: "var(--text-muted)" },
  ".cm-diagnostic": { maxInlineSize: "60ch", padding: "4px 10px", fontSize: "var(--size-13)" },
  ".cm-diagnostic-error": { borderInlineStart: "3px solid var(--danger)" },
  ".cm-diagnostic-warning": { borderInlineStart: "3px solid var(--warning)" },
  ".cm-diagnostic-info": { borderInlineStart: "3px solid var(--text-muted)" },
  ".cm-diagnosticSource": { fontSize: "var(--size-12)", color: "var(--text-muted)", opacity: "1" },
  ".cm-panel.cm-panel-lint ul": { maxBlockSize: "9rem", paddingInlineEnd: "2rem" },
  ".cm-panel.cm-panel-lint li": { maxInlineSize: "none", cursor: "pointer" },
  ".cm-panel.cm-panel-lint ul [aria-selected], .cm-panel.cm-panel-lint ul:focus [aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-panel.cm-panel-lint [name=close]": {
    insetBlockStart: "4px",
    insetInlineEnd: "4px",
    inlineSize: "1.5rem",
    blockSize: "1.5rem",
    color: "var(--text)",
  },
});

/**
 * extension() goes into every file's editor. Only the file that is shown is looked at, and never two at once; what is
 * typed meanwhile is looked at afterwards.
 */
export function createLint({ socket, documents, editor, idle = IDLE_MS }) {
  let timer = null;
  let current = null;
  let looked = new WeakMap();

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(look, wait);
  }

  function show(doc, id, frame) {
    const { id: latest, changes } = doc.state.field(changedSince, false) ?? {};
    if (latest !== id) return;
    const found = placeDiagnostics(frame.diagnostics, changes, frame.tool);
    doc.dispatch(setDiagnostics(doc.state, found));
  }

  async function ask(path, doc) {
    const id = crypto.randomUUID();
    const version = doc.version();
    current = id;
    looked.set(doc, version);
    doc.dispatch({ effects: asked.of(id) });
    const patience = setTimeout(() => finish(id), PATIENCE_MS);
    try {
      const frame = { type: "lint.ask", id, path, version };
      const answer = await socket.request(frame, { resend: false });
      if (answer.version === version && documents.get(path) === doc) show(doc, id, answer);
    } catch {
      // No marks this time; they are asked for again after the next change.
    } finally {
      clearTimeout(patience);
      if (doc.state.field(changedSince, false)?.id === id)
        doc.dispatch({ effects: asked.of(null) });
      finish(id);
    }
  }

  function finish(id) {
    if (current !== id) return;
    current = null;
    if (isDue()) later(LOOK_AGAIN_MS);
  }

  const shown = () => (editor.active && documents.get(editor.active)) ?? null;

  function isDue() {
    const doc = shown();
    return Boolean(doc?.state && languageFor(editor.active) && looked.get(doc) !== doc.version());
  }

  function look() {
    const doc = shown();
    if (!isDue() || current || doc.state.readOnly || socket.state !== "online") return;
    if (doc.unsaved() > 0) later(LOOK_AGAIN_MS);
    else ask(editor.active, doc);
  }

  async function lookAnew() {
    clearTimeout(timer);
    looked.delete(shown());
    if (await documents.flush()) look();
  }

  function save() {
    lookAnew();
    return true;
  }

  editor.on("active", () => later(idle));
  socket.on("hello", () => {
    looked = new WeakMap();
    later(idle);
  });

  return {
    extension: () => [
      changedSince,
      linter(null),
      lintGutter(),
      EditorState.phrases.of({
        Diagnostics: gettext("Marked mistakes"),
        "No diagnostics": gettext("Nothing is marked."),
        close: gettext("Close"),
      }),
      theme,
      EditorView.updateListener.of((update) => update.docChanged && later(idle)),
      keymap.of([
        { key: "Mod-s", run: save },
        { key: "F8", run: nextDiagnostic, shift: previousDiagnostic },
        { key: "Alt-m", run: openLintPanel },
      ]),
    ],
  };
}
