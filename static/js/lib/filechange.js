// What a file.changed frame says: which files went, which have other paths, and the list afterwards.

/** entries is the list of documents before. A frame without a list tells of one file only. */
export function readFileChange(frame, entries) {
  const { action, path, to } = frame;
  const removed = frame.removed ?? (action === "deleted" ? [path] : []);
  const moves = frame.moves ?? (action === "renamed" ? [[path, to]] : []);
  const others = () => entries.filter((entry) => entry.path !== path);
  const list = frame.documents ?? [...others(), ...(frame.document ? [frame.document] : [])];
  return { removed, moves, list };
}
