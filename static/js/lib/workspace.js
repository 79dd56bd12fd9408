// What the assistant's panel may do with the workspace: which files go along, and Apply with its undo.
import { gettext, interpolate } from "./i18n.js";
import { resolvePath } from "./places.js";
import { singleReplacement } from "./textdiff.js";

const MOST_FILES = 5;
const LOOK_MS = 50;
const LOOKS = 40;

async function reached(doc, version) {
  for (let look = 0; look < LOOKS && doc.version() < version; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Commands for a shell go into a terminal where there is one; all else is a run. */
function createRunner({ runs, terminals, folder }) {
  const isTyped = ({ isShell }) => isShell && Boolean(terminals?.isAvailable);
  return {
    obstacle: (way) => (isTyped(way) ? terminals.obstacle() : runs.obstacle()),
    start: (command, way) =>
      isTyped(way) ? terminals.run(command, folder()) : runs.start("command", command),
  };
}

/** panels, runs, terminals and folder() -> the open section's are for what an answer leads to. */
export function createWorkspace({ documents, editor, panels, runs, terminals, folder = () => "" }) {
  const nameOf = (path) => path.split("/").at(-1);

  function undo(doc, before, version) {
    if (doc.version() !== version || doc.unsaved() > 0) {
      return gettext("The file has changed since, so it is left as it is.");
    }
    const change = singleReplacement(doc.state.doc.toString(), before);
    if (change) doc.dispatch({ changes: change, userEvent: "undo" });
    doc.edited(doc.state);
    return gettext("Undone.");
  }

  return {
    flush: () => documents.flush(),

    /** The file being looked at first, then the other open ones. */
    files() {
      const others = editor.paths.filter((path) => path !== editor.active);
      return (editor.active ? [editor.active, ...others] : others).slice(0, MOST_FILES);
    },

    target() {
      const { active } = editor;
      return active ? { name: nameOf(active), line: editor.cursorLine() } : null;
    },

    /** The file that a name in an answer stands for, or null. */
    findPath(name) {
      const paths = documents.entries.map(({ path }) => path);
      return resolvePath(name, paths, folder());
    },

    open(path, line) {
      panels.show("code");
      return editor.show(path, { focus: true, line });
    },

    run: runs ? createRunner({ runs, terminals, folder }) : null,

    async apply({ mode, text, turn, block }) {
      const path = editor.active;
      const line = editor.cursorLine();
      const doc = await documents.open(path);
      await documents.flush();
      const before = doc.state.doc.toString();
      const place = mode === "insert" ? { line } : {};
      const applied = await documents.apply({ path, mode, text, turn, block, ...place });
      await reached(doc, applied.version);
      if (editor.active === path)
        editor.goTo(mode === "append" ? Infinity : mode === "insert" ? line : 1);
      const words = interpolate(gettext("Put into %(name)s."), { name: nameOf(path) });
      return { text: words, undo: () => undo(doc, before, applied.version) };
    },
  };
}
