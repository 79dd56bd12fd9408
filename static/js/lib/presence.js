// Who else is in the room and where: tells where this window's writer is, shows where the others are.
import { EditorView } from "../../vendor/codemirror.js";
import { interviewerText, noteOpened, noteUpdates } from "./authorship.js";
import { otherCursors, ownRanges, placeWriter, removeWriter } from "./cursors.js";
import { createEmitter } from "./events.js";

const TELL_EVERY_MS = 200;

/**
 * isInterviewer says whose window it is; nameOf(frame) what the writer of a cursor is called here. extensions() go into
 * every editor; watch(documents, editor) comes once both are there.
 * Events: "watchers" ([{id, person, name, may_type}]), "candidate" ({connected, seen_at}), "cursor" (frame), "edited" (path): by others.
 */
export function createPresence({ socket, isInterviewer = false, nameOf = ({ name }) => name }) {
  const emitter = createEmitter();
  const cursors = new Map();
  const shownIn = new Map();
  let documents = null;
  let editor = null;
  let watchers = [];
  let isWriter = false;
  let timer = null;
  let toldAt = -Infinity;
  let isLate = false;
  let turn = 0;

  /** Where this window is. While text is on its way the caret goes along with it, so that its place is told after. */
  function tell() {
    timer = null;
    const path = editor.active;
    const doc = path && documents.get(path);
    if (doc?.state && doc.unsaved() > 0) {
      isLate = true;
      return;
    }
    isLate = false;
    toldAt = performance.now();
    const place = doc?.state
      ? { path, version: doc.version(), ranges: ownRanges(doc.state) }
      : { path: null };
    socket.send({ type: "presence.cursor", ...place });
  }

  function tellSoon() {
    if (!editor || !isWriter || timer || (!isInterviewer && watchers.length === 0)) return;
    timer = setTimeout(tell, Math.max(0, toldAt + TELL_EVERY_MS - performance.now()));
  }

  function forget(id) {
    const doc = documents.get(shownIn.get(id));
    if (doc?.state) removeWriter(doc, id);
    shownIn.delete(id);
  }

  /** A cursor of a version that is not here yet waits for it. */
  function show(frame) {
    const doc = frame.path && documents.get(frame.path);
    if (shownIn.get(frame.id) !== frame.path) forget(frame.id);
    if (!doc?.state || doc.version() < frame.version) return;
    const { id, who, ranges } = frame;
    turn += 1;
    placeWriter(doc, { id, who, name: nameOf(frame), turn, ranges });
    shownIn.set(id, frame.path);
    frame.isShown = true;
  }

  function showWaiting(path) {
    for (const frame of cursors.values()) if (frame.path === path && !frame.isShown) show(frame);
  }

  function showAgain(path) {
    for (const frame of cursors.values()) if (frame.path === path) show(frame);
  }

  function setWatchers(list) {
    watchers = list;
    const known = new Set(list.map(({ id }) => id));
    for (const [id, { who }] of cursors) {
      if (who !== "interviewer" || known.has(id)) continue;
      cursors.delete(id);
      forget(id);
    }
    emitter.emit("watchers", watchers);
    tellSoon();
  }

  function takeUpdates({ path, version, updates }) {
    const doc = documents.get(path);
    if (!doc?.state) return;
    if (doc.version() === version + updates.length) noteUpdates(doc, updates);
    showWaiting(path);
    emitter.emit("edited", path);
  }

  /** The document takes what was opened over first. */
  async function takeOpened(frame) {
    const doc = await documents.open(frame.path);
    await new Promise((resolve) => setTimeout(resolve));
    if (doc.state && documents.get(frame.path) === doc) noteOpened(doc, frame);
    showAgain(frame.path);
  }

  function watch(theDocuments, theEditor) {
    documents = theDocuments;
    editor = theEditor;
    socket.on("hello", ({ writer }) => {
      isWriter = writer !== false;
      tellSoon();
    });
    socket.on("presence.taken_over", () => {
      isWriter = false;
    });
    socket.on("state", ({ state }) => state !== "online" && setWatchers([]));
    socket.on("presence.watchers", (frame) => setWatchers(frame.watchers));
    socket.on("presence.candidate", (frame) => emitter.emit("candidate", frame));
    socket.on("presence.cursor", (frame) => {
      cursors.set(frame.id, frame);
      show(frame);
      emitter.emit("cursor", frame);
    });
    documents.on("taken", takeUpdates);
    socket.on("document.opened", (frame) => takeOpened(frame).catch(() => {}));
    documents.on("status", () => isLate && tellSoon());
    editor.on("active", tellSoon);
  }

  return {
    on: emitter.on,
    watch,
    extensions: () => [
      otherCursors(),
      interviewerText({ isInterviewer }),
      EditorView.updateListener.of(({ selectionSet, docChanged, transactions }) => {
        const isOwn = transactions.some((each) => each.isUserEvent("select") || each.docChanged);
        if (selectionSet || (docChanged && isOwn)) tellSoon();
      }),
    ],
    get watchers() {
      return watchers;
    },
  };
}
