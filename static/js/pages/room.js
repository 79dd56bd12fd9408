// The interview room.
//
// The server gives one json_script "room-config" (interviews/views/room.py):
//   interview   id of the interview
//   sections    [{folder, title, language, entry, statement_html}] in order; entry with its folder
//   policy      off, hints, pair or agent: what the assistant may do
//   finish_url  POST here to finish; afterwards the page that thanks
//   is_recorded, is_preview
//   recording   {base_url}: where chunks go; from the recordings app, absent where nothing is recorded
//   shortcuts   false switches shortcuts of a single character off
import { createChat } from "../lib/chat.js";
import { createClock } from "../lib/clock.js";
import { addDiagnostics } from "../lib/diagnostics.js";
import { createDocuments } from "../lib/documents.js";
import { readJson } from "../lib/dom.js";
import { createEditor } from "../lib/editor.js";
import { editorExtensions } from "../lib/editorsetup.js";
import { createFileTree } from "../lib/filetree.js";
import { createFinish } from "../lib/finish.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { createCopies, watchCopies } from "../lib/insertions.js";
import { createNotices } from "../lib/notices.js";
import { startPage } from "../lib/page.js";
import { createPanels } from "../lib/panels.js";
import { createPendingStore } from "../lib/pendingstore.js";
import { createRecordLight } from "../lib/recordlight.js";
import { createRoomBar } from "../lib/roombar.js";
import { followRoom } from "../lib/roomevents.js";
import { createRoomRecording } from "../lib/roomrecording.js";
import { roomShortcuts } from "../lib/roomshortcuts.js";
import { createRuns } from "../lib/runs.js";
import { createSections } from "../lib/sections.js";
import { createShortcuts } from "../lib/shortcuts.js";
import { createSocket, socketUrl } from "../lib/socket.js";
import { createTabs } from "../lib/tabs.js";
import { createWorkspace } from "../lib/workspace.js";

const LEAVE_WITHIN_MS = 20_000;

const config = readJson("room-config");
const root = document.getElementById("room");
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const find = (selector) => root.querySelector(selector);
const csrf = meta("csrf-token");
const id = config.interview;
const sockets = `/ws/interviews/${id}`;

startPage();

const notices = createNotices(find("[data-notices]"));
const socket = createSocket(socketUrl(`${sockets}/workspace/`));
const assistantSocket = createSocket(socketUrl(`${sockets}/assistant/`));
const clock = createClock();
const panels = createPanels(root);
const copies = createCopies();
watchCopies(document, copies);

function tooLarge() {
  notices.show("size", {
    level: "warning",
    text: gettext("That would make the file larger than 1 MB, so it was not put in."),
    closable: true,
  });
}

const documents = createDocuments({
  socket,
  store: createPendingStore(id),
  makeExtensions: (path) =>
    editorExtensions({
      path,
      label: interpolate(gettext("Editor, %(path)s"), { path }),
      cspNonce: meta("csp-nonce"),
      keys: [],
      onTooLarge: tooLarge,
      copies,
    }),
});
const editor = createEditor({ root, documents });
const tree = createFileTree({
  root: find("[data-files]"),
  documents,
  open: (path) => {
    panels.show("code");
    editor.show(path, { focus: true });
  },
});
const sections = createSections({
  root,
  sections: config.sections,
  socket,
  documents,
  editor,
  tree,
  memoryKey: `interviewlm:room:${id}:tabs`,
});
const problemTabs = createTabs(find('[data-panel="problem"]'));
const resultTabs = createTabs(find("[data-runs]"));
const runs = createRuns({
  root: find("[data-runs]"),
  socket,
  flush: () => documents.flush(),
  target: () => ({ section: sections.current?.folder, path: editor.active }),
});
const chat =
  config.policy === "off"
    ? null
    : createChat({
        root: find("[data-chat-root]"),
        socket: assistantSocket,
        workspace: createWorkspace({ documents, editor }),
        draftKey: `interviewlm:room:${id}:draft`,
      });
const recording = createRoomRecording({
  required: Boolean(config.is_recorded && config.recording),
  base: config.recording?.base_url,
  csrf,
  clock: () => clock.interviewMs() ?? 0,
});

let isLeaving = false;

/** Goes to the next page, once; with wait after what is not stored yet has had its time. */
async function leave({ url = config.finish_url, wait = false } = {}) {
  if (wait) {
    const patience = new Promise((resolve) => setTimeout(resolve, LEAVE_WITHIN_MS));
    await Promise.race([recording.finish(), patience]);
  }
  if (isLeaving) return;
  isLeaving = true;
  recording.letGo();
  location.assign(url);
}

const finish = createFinish({
  dialog: document.getElementById("finish-dialog"),
  documents,
  recording,
  url: config.finish_url,
  csrf,
  leave: (url) => leave({ url }),
});
const help = document.getElementById("help-dialog");

createRoomBar({ root, documents, socket, clock });
createRecordLight(find('[data-state="record"]'), recording);
followRoom({ socket, documents, clock, notices, leave });

editor.on("active", (path) => {
  tree.setActive(path);
  runs.refresh();
  chat?.showFiles();
});
editor.on("problem", (message, path) => {
  notices.show(`file:${path}`, { level: "warning", text: message, closable: true });
});
runs.on("show", (name) => {
  panels.reveal("results");
  resultTabs.select(name);
});
recording.on("trouble", (text) => {
  const action = { label: gettext("Try again"), run: () => recording.start() };
  notices.show("recording", {
    level: "warning",
    text,
    action: recording.facts.state === "paused" ? action : null,
    closable: true,
  });
});
recording.on("well", () => notices.clear("recording"));
socket.on("hello", (frame) => {
  if (!sections.current) sections.show(frame.section, { tell: false });
});

const shortcuts = createShortcuts(
  roomShortcuts({ find, runs, panels, editor, chat, problemTabs, sections, help }),
  { bareEnabled: config.shortcuts !== false },
);
shortcuts.drawSheet(help.querySelector("[data-shortcut-list]"));

for (const code of root.querySelectorAll("[data-statement] pre")) code.tabIndex = 0;
find('[data-open="help"]').addEventListener("click", () => help.showModal());
find('[data-open="finish"]').addEventListener("click", () => finish.open());
addDiagnostics("sockets", () => [socket.state, assistantSocket.state]);
addDiagnostics("documents", () => documents.status.state);
addDiagnostics("recording", () => ({ ...recording.facts }));

addEventListener("pagehide", () => documents.rememberAll());
addEventListener("beforeunload", (event) => {
  const { unsaved, state } = documents.status;
  if (!isLeaving && unsaved > 0 && state !== "offline") event.preventDefault();
});

socket.open();
if (chat) assistantSocket.open();
recording.start();
