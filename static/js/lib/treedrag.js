// Dragging in the tree: files of the tree into folders, and files from the computer to be uploaded.

const PATH_TYPE = "application/x-interviewlm-path";

/** A file dropped beside the tree must not take the place of the room. */
export function keepPage(target) {
  for (const name of ["dragover", "drop"]) {
    target.addEventListener(name, (event) => {
      if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }
}

/**
 * root is where things may be dropped, around the tree. move(path, folder) and upload(dataTransfer, folder) do it;
 * placeAt(path) is the folder that a drop on this row goes to.
 */
export function enableTreeDrag({ root, tree, move, upload }) {
  const list = root.querySelector("[data-tree]");
  let dragged = null;

  const rowUnder = (event) => event.target.closest("[role=treeitem]");

  function mark(place) {
    list.classList.toggle("drop-here", place !== null && !findRow(place));
    for (const row of list.querySelectorAll(".drop-here")) row.classList.remove("drop-here");
    findRow(place)?.classList.add("drop-here");
  }

  function findRow(path) {
    return [...list.children].find((row) => row.dataset.path === path) ?? null;
  }

  function kindOf(event) {
    if (!tree.isWritable) return null;
    const { types } = event.dataTransfer;
    if (dragged && types.includes(PATH_TYPE)) return "move";
    return types.includes("Files") ? "upload" : null;
  }

  function placeOf(event, kind) {
    const place = tree.placeAt(rowUnder(event)?.dataset.path);
    const isNowhere = place === dragged || place.startsWith(`${dragged}/`);
    const isThere = dragged?.slice(0, dragged.lastIndexOf("/")) === place;
    return kind === "move" && (isNowhere || isThere) ? null : place;
  }

  list.addEventListener("dragstart", (event) => {
    const row = rowUnder(event);
    if (!row) return;
    dragged = row.dataset.path;
    event.dataTransfer.setData(PATH_TYPE, dragged);
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });
  root.addEventListener("dragover", (event) => {
    const kind = kindOf(event);
    if (!kind) return;
    event.preventDefault();
    const place = placeOf(event, kind);
    event.dataTransfer.dropEffect = place === null ? "none" : kind === "move" ? "move" : "copy";
    mark(place);
  });
  root.addEventListener("dragleave", (event) => {
    if (!root.contains(event.relatedTarget)) mark(null);
  });
  root.addEventListener("drop", (event) => {
    const kind = kindOf(event);
    if (!kind) return;
    event.preventDefault();
    const place = placeOf(event, kind);
    mark(null);
    if (place === null) return;
    if (kind === "move") move(dragged, place);
    else upload(event.dataTransfer, place);
  });
}
