// The files panel of the room: the tree, what is dragged in it and into it, uploads and downloads.
import { element, setText } from "./dom.js";
import { MOST_FILES, readChosen, readDropped } from "./dropped.js";
import { createFileActions } from "./fileactions.js";
import { createFileTree } from "./filetree.js";
import { gettext, interpolate } from "./i18n.js";
import { createMenu } from "./menu.js";
import { enableTreeDrag, keepPage } from "./treedrag.js";
import { showUploads } from "./uploadlist.js";
import { createUploads } from "./uploads.js";

// What would change how a name reads: control characters, and those that turn the direction.
const UNSEEN = /[\p{Cc}\p{Cf}]/gu;

function withMenu(button, items) {
  const mark = document.createComment("");
  button.before(mark);
  mark.replaceWith(createMenu(button, items, { isFloating: true }));
}

/**
 * root is [data-files]. config: {upload_url, content_url, archive_url}. addressOf(path) is where a content is; names are
 * those of tabname.js. Gives the tree.
 */
export function createRoomFiles({
  root,
  documents,
  others,
  socket,
  config,
  csrf,
  names,
  addressOf,
  open,
}) {
  const find = (selector) => root.querySelector(selector);
  const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
  const actions = createFileActions({ socket, documents, line: find("[data-file-line]"), open });
  const uploads = createUploads({ url: config.upload_url, csrf, names });
  const shownUploads = showUploads({
    root: find("[data-uploads]"),
    uploads,
    shortOf: (path) => path.slice(path.indexOf("/") + 1).replace(UNSEEN, "\ufffd"),
  });
  const tree = createFileTree({ root, documents, others, actions, open, download });
  const archive = find("[data-archive]");
  const upload = find("[data-upload]");

  function takeAway(href) {
    element("a", { href, download: "" }).click();
  }

  function download(path) {
    takeAway(addressOf(path));
  }

  function add(found, place) {
    shownUploads.tell(found, MOST_FILES);
    uploads.add(found.files.map(({ path, file }) => ({ path: `${place}/${path}`, file })));
  }

  async function drop(dataTransfer, place) {
    add(await readDropped(dataTransfer), place);
  }

  async function move(path, place) {
    try {
      await tree.moveTo(path, `${place}/${nameOf(path)}`);
      const names = { name: nameOf(path), place: nameOf(place) };
      setText(
        find("[data-tree-status]"),
        interpolate(gettext("Moved %(name)s to %(place)s."), names),
      );
    } catch (error) {
      actions.complain(error);
    }
  }

  for (const input of [find("[data-upload-files]"), find("[data-upload-folder]")]) {
    input.addEventListener("change", () => {
      add(readChosen([...input.files]), tree.place);
      input.value = "";
    });
  }
  withMenu(upload, () => [
    { label: gettext("Files…"), choose: () => find("[data-upload-files]").click() },
    { label: gettext("A folder…"), choose: () => find("[data-upload-folder]").click() },
  ]);

  // What was typed last is in it, too.
  archive.addEventListener("click", async (event) => {
    if (documents.status.unsaved === 0) return;
    event.preventDefault();
    await documents.flush();
    takeAway(archive.href);
  });

  function setWritable(value) {
    tree.setWritable(value);
    upload.disabled = !value;
  }

  enableTreeDrag({ root, tree, move, upload: drop });
  keepPage(document);
  socket.on("hello", ({ writer }) => setWritable(writer !== false));
  socket.on("presence.taken_over", () => setWritable(false));
  socket.on("interview.ended", () => setWritable(false));

  return tree;
}
