// Paths of the workspace: folders as a tree, and names a person may give a file.
import { gettext } from "./i18n.js";

const byName = (one, other) => one.name.localeCompare(other.name);

/** Rows of the tree under one section folder, folders first: {path, name, level, isFolder, entry, place, count}. */
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
    const count = node.folders.size + node.files.length;
    let place = 0;
    const add = (row) => {
      place += 1;
      rows.push({ ...row, level, place, count });
    };
    for (const [name, child] of [...node.folders].sort(([a], [b]) => a.localeCompare(b))) {
      const path = `${prefix}/${name}`;
      add({ path, name, isFolder: true, isOpen: !collapsed.has(path) });
      if (!collapsed.has(path)) walk(child, path, level + 1);
    }
    for (const { name, entry } of node.files.sort(byName)) {
      add({ path: entry.path, name, isFolder: false, entry });
    }
  };
  walk(root, folder, 1);
  return rows;
}

/** Whether a path is that of a file or folder, or of something in the folder. */
export function isAt(path, place) {
  return path === place || path.startsWith(`${place}/`);
}

/** The folders under one section folder, without its name, in order. */
export function listFolders(entries, folder) {
  const found = new Set();
  for (const { path } of entries) {
    if (!path.startsWith(`${folder}/`)) continue;
    const parts = path.slice(folder.length + 1).split("/");
    for (let count = 1; count < parts.length; count += 1) {
      found.add(parts.slice(0, count).join("/"));
    }
  }
  return [...found].sort((one, other) => one.localeCompare(other));
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
