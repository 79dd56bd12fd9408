// Making, renaming, deleting and bringing back files; one line says what was deleted, and undoes it.
import { element, icon } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

/** line is where the last deletion and what went wrong are said. open(path) shows a file that came back. */
export function createFileActions({ socket, documents, line, open }) {
  const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

  function say(text, { tone = "", action = null } = {}) {
    const label = gettext("Close this line");
    const close = { type: "button", class: "icon-button", "aria-label": label, title: label };
    line.replaceChildren(
      element("span", { class: "file-line-text" }, text),
      action ?? "",
      element("button", { ...close, onclick: clear }, icon("close")),
    );
    line.className = `file-line ${tone}`;
    line.hidden = false;
  }

  function clear() {
    line.hidden = true;
    line.replaceChildren();
  }

  function complain(error) {
    say(error.message || gettext("The connection is away. Try again."), { tone: "warning" });
  }

  async function restore(deletion, path, wasOpen) {
    try {
      await socket.request({ type: "file.restore", deletion });
      clear();
      if (wasOpen) open(path);
    } catch (error) {
      complain(error);
    }
  }

  function tellDeleted(path, action = null) {
    say(interpolate(gettext("Deleted %(name)s."), { name: nameOf(path) }), { action });
  }

  function offerUndo(deletion, path, wasOpen) {
    const button = element("button", { type: "button", class: "button small" }, gettext("Undo"));
    button.addEventListener("click", () => restore(deletion, path, wasOpen));
    tellDeleted(path, button);
  }

  async function remove(path, isKept) {
    const wasOpen = documents.get(path) !== null;
    // What was typed last is to come back, too.
    await documents.flush();
    const { id } = await documents.remove(path);
    if (isKept) offerUndo(id, path, wasOpen);
    else tellDeleted(path);
  }

  return {
    say,
    clear,
    complain,
    create: (path) => documents.create(path),

    async rename(path, to) {
      await documents.flush();
      return socket.request({ type: "file.rename", path, to });
    },

    /** With isAsked, by a form that says what goes wrong; without isKept there is nothing to undo. */
    remove: (path, { isAsked = false, isKept = true } = {}) =>
      isAsked ? remove(path, isKept) : remove(path, isKept).catch(complain),
  };
}
