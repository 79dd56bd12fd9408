// The files of a drop or of a file chooser, folders unfolded: [{path, file}], path below where they go.

// What tools make and nobody wants to bring along.
const PASSED_OVER = new Set([
  ".git",
  "node_modules",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".venv",
  "venv",
  ".DS_Store",
]);

export const MOST_FILES = 1_000;

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader gives a folder in parts, until one is empty. */
async function listFolder(entry) {
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    found.push(...part);
  }
}

async function unfold(entry, prefix, result) {
  if (result.files.length >= MOST_FILES) {
    result.isCut = true;
  } else if (PASSED_OVER.has(entry.name)) {
    result.left.add(entry.name);
  } else if (entry.isFile) {
    const file = await fileOf(entry).catch(() => null);
    if (file) result.files.push({ path: `${prefix}${entry.name}`, file });
    else result.left.add(entry.name);
  } else {
    for (const child of await listFolder(entry).catch(() => [])) {
      await unfold(child, `${prefix}${entry.name}/`, result);
    }
  }
}

/** left names what was passed over; isCut says that there were too many. To be called while the drop is handled. */
export async function readDropped(dataTransfer) {
  const result = { files: [], left: new Set(), isCut: false };
  // Asked for before anything is awaited: afterwards the browser forgets them.
  const entries = [...dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...dataTransfer.files];
  const found = entries.filter(Boolean);
  if (found.length === 0) return readChosen(files);
  for (const entry of found) await unfold(entry, "", result);
  return result;
}

/** The same of a list of files, as a chooser of files or of a folder gives it. */
export function readChosen(list) {
  const result = { files: [], left: new Set(), isCut: false };
  for (const file of list) {
    const path = file.webkitRelativePath || file.name;
    const passed = path.split("/").find((part) => PASSED_OVER.has(part));
    if (passed) result.left.add(passed);
    else if (result.files.length >= MOST_FILES) result.isCut = true;
    else result.files.push({ path, file });
  }
  return result;
}
