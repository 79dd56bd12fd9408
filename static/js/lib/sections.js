// The problems of an interview, one shown at a time, each with its own open files.
import { setText } from "./dom.js";

function loadTabs(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

/** root is the room. Options: sections of the config, socket, documents, editor, tree. */
export function createSections({ root, sections, socket, documents, editor, tree, memoryKey }) {
  const [previous, next] = ["previous", "next"].map((name) =>
    root.querySelector(`[data-section="${name}"]`),
  );
  const title = root.querySelector("[data-section-title]");
  const step = root.querySelector("[data-section-step]");
  const memory = loadTabs(memoryKey);
  let current = null;

  function remember() {
    if (!current) return;
    memory[current.folder] = { open: editor.paths, active: editor.active };
    try {
      localStorage.setItem(memoryKey, JSON.stringify(memory));
    } catch {
      // The open files are found again by hand.
    }
  }

  function firstFiles(section) {
    const known = new Set(documents.entries.map((entry) => entry.path));
    const { open = [], active } = memory[section.folder] ?? {};
    const paths = open.filter((path) => known.has(path));
    if (paths.length === 0 && known.has(section.entry)) paths.push(section.entry);
    return { paths, active: paths.includes(active) ? active : paths[0] };
  }

  function drawHead() {
    const at = sections.indexOf(current);
    setText(title, current.title);
    if (!step) return;
    setText(step, `${at + 1}/${sections.length}`);
    previous.disabled = at === 0;
    next.disabled = at === sections.length - 1;
  }

  function show(folder, { tell = true } = {}) {
    const section = sections.find((candidate) => candidate.folder === folder) ?? sections[0];
    if (section === current) return;
    remember();
    current = section;
    drawHead();
    for (const text of root.querySelectorAll("[data-statement]")) {
      text.hidden = text.dataset.statement !== section.folder;
    }
    tree.showSection(section.folder);
    const { paths, active } = firstFiles(section);
    editor.restore(paths, active);
    if (tell)
      socket
        .request({ type: "section.open", section: section.folder }, { resend: false })
        .catch(() => {});
  }

  function move(by) {
    const section = sections[sections.indexOf(current) + by];
    if (section) show(section.folder);
  }

  previous?.addEventListener("click", () => move(-1));
  next?.addEventListener("click", () => move(1));
  editor.on("tabs", remember);

  return {
    show,
    move,
    get current() {
      return current;
    },
  };
}
