// Paths of the workspace: folders as a tree, and names a person may give a file.
import { gettext } from "./i18n.js";

/** Rows of the tree under one section folder, folders first: {path, name, level, isFolder, entry}. */
export function treeRows(entries, folder, collapsed = new Set()) {
  const root = { folders: new Map(), files: [] };
  for (const entry of entries) {
    if (!entry.path.startsWith(`${folder}/`)) continue;
    const parts = entry.path.slice(folder.length + 1).split("/");
    let node = root;
    for (const part of parts.slice(0, -1)) {
      if (!node.folders.has(part)) node.folders.set(part, { folders: new Map(), files: [] });
      node = node.folders.get(part);
    }
    node.files.push({ name: parts.at(-1), entry });
  }
  const rows = [];
  const walk = (node, prefix, level) => {
    for (const [name, child] of [...node.folders].sort(([a], [b]) => a.localeCompare(b))) {
      const path = `${prefix}/${name}`;
      rows.push({ path, name, level, isFolder: true, isOpen: !collapsed.has(path) });
      if (!collapsed.has(path)) walk(child, path, level + 1);
    }
    for (const { name, entry } of node.files) {
      rows.push({ path: entry.path, name, level, isFolder: false, entry });
    }
  };
  walk(root, folder, 1);
  return rows;
}

/** What is wrong with a name typed for a file, in words, or "" when nothing is. */
export function nameProblem(name, taken) {
  const trimmed = name.trim();
  if (!trimmed) return gettext("Type a name for the file.");
  if (trimmed.length > 200) return gettext("This name is longer than 200 characters.");
  const parts = trimmed.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    return gettext("Use a name like notes.py or lib/notes.py.");
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (/[\u0000-\u001f\\:*?"<>|]/.test(trimmed)) {
    return gettext('These characters cannot be in a name: \\ : * ? " < > |');
  }
  if (taken.has(trimmed)) return gettext("There is a file with this name already.");
  return "";
}
