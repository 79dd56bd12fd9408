// The interview room.
//
// The server gives one json_script "room-config" (interviews/views/room.py):
//   interview   id of the interview
//   sections    [{folder, title, language, entry, statement_html}] in order; entry with its folder
//   policy      off, hints, pair or agent: what the assistant may do
//   finish_url  POST here to finish; afterwards the page that thanks
//   late_url    POST what the end cut off
//   files       {upload_url, content_url, archive_url}: bringing files along, and taking them away
//   is_recorded, is_preview, records_screen (the candidate is asked to share it), notes_presence (facts are told)
//   terminals   {is_available, reason, names}: whether shells can be opened, and what they are called
//   in_browser  {frame_url, sections: {folder: arguments}}: tests that Python in the browser can run
//   recording   {base_url}: where chunks go; from the recordings app, absent where nothing is recorded
//   shortcuts   false switches shortcuts of a single character off
import { createClock } from "../lib/clock.js";
import { listOthers } from "../lib/completion.js";
import { addDiagnostics } from "../lib/diagnostics.js";
import { createDocuments } from "../lib/documents.js";
import { readJson } from "../lib/dom.js";
import { createEditor } from "../lib/editor.js";
import { editorExtensions } from "../lib/editorsetup.js";
import { createFileView } from "../lib/fileview.js";
import { createFinish } from "../lib/finish.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { createCopies, watchCopies } from "../lib/insertions.js";
import { createLateWork } from "../lib/latework.js";
import { createLint } from "../lib/lint.js";
import { createNotices } from "../lib/notices.js";
import { createOtherFiles } from "../lib/otherfiles.js";
import { startPage } from "../lib/page.js";
import { createPanels } from "../lib/panels.js";
import { createPendingStore } from "../lib/pendingstore.js";
import { tellFacts } from "../lib/presencefacts.js";
import { showRecording } from "../lib/recordlight.js";
import { createRoomAssistant } from "../lib/roomassistant.js";
import { createRoomBar } from "../lib/roombar.js";
import { createRoomChannel } from "../lib/roomchannel.js";
import { followRoom } from "../lib/roomevents.js";
import { createRoomFiles } from "../lib/roomfiles.js";
import { createLeave } from "../lib/roomleave.js";
import { createRoomRecording } from "../lib/roomrecording.js";
import { createRoomResults } from "../lib/roomresults.js";
import { roomShortcuts } from "../lib/roomshortcuts.js";
import { createRoomSocket } from "../lib/roomsocket.js";
import { createSections } from "../lib/sections.js";
import { createShortcuts } from "../lib/shortcuts.js";
import { tellBlocked } from "../lib/slowway.js";
import { createTabs } from "../lib/tabs.js";
import { followWriting } from "../lib/takeover.js";
import { createUndoStore } from "../lib/undostore.js";
import { showWatchers } from "../lib/watchers.js";

const config = readJson("room-config");
const root = document.getElementById("room");
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const find = (selector) => root.querySelector(selector);
const csrf = meta("csrf-token");
const id = config.interview;

startPage();

const notices = createNotices(find("[data-notices]"));
const isReader = () => !documents.isWritable;
const { socket, begin, names } = createRoomSocket({ interview: id, isReader });
const assistantSocket = createRoomChannel({ interview: id, root, csrf });
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

const store = createPendingStore(id);
const documents = createDocuments({
  socket,
  store,
  undo: createUndoStore(id),
  makeExtensions: (path) =>
    editorExtensions({
      path,
      label: interpolate(gettext("Editor, %(path)s"), { path }),
      cspNonce: meta("csp-nonce"),
      keys: [],
      onTooLarge: tooLarge,
      copies,
      others: (state) => listOthers({ documents, editor }, state),
      extras: [lint.extension(), watchers.extensions(), chat?.extension ?? []],
    }),
});
const others = createOtherFiles({ socket });
const addressOf = (path) => `${config.files.content_url}?${new URLSearchParams({ path })}`;
const fileView = createFileView({ root: find("[data-file-view]"), addressOf });
const editor = createEditor({ root, documents, others, fileView });
const lint = createLint({ socket, documents, editor });
const watchers = showWatchers({ root, socket, documents, editor });
const tree = createRoomFiles({
  root: find("[data-files]"),
  documents,
  others,
  socket,
  config: config.files,
  csrf,
  names,
  addressOf,
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
const results = createRoomResults({
  root,
  config,
  socket,
  documents,
  panels,
  target: () => ({ section: sections.current?.folder, path: editor.active }),
  nonce: meta("csp-nonce"),
});
const { runs, terminals } = results;
const parts = { documents, editor, panels, runs, terminals, sections, csrf, names };
const chat =
  config.policy === "off"
    ? null
    : createRoomAssistant({
        root: find("[data-chat-root]"),
        socket: assistantSocket,
        ...parts,
        draftKey: `interviewlm:room:${id}:draft`,
      });
const recording = createRoomRecording({
  required: Boolean(config.is_recorded && config.recording),
  screen: config.records_screen,
  interview: id,
  base: config.recording?.base_url,
  csrf,
  clock: () => clock.interviewMs() ?? 0,
  remaining: clock.left,
});
const leave = createLeave({ documents, recording, url: config.finish_url });
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
showRecording(root, notices, recording);
const late = createLateWork({ store, left: documents.left, url: config.late_url, csrf });
followWriting({ socket, notices, recording });
if (config.notes_presence) tellFacts({ socket, clock });
followRoom({ socket, documents, clock, notices, late, leave });

editor.on("active", (_document, path) => {
  tree.setActive(path);
  runs.refresh();
  chat?.showFiles();
});
editor.on("problem", (message, path) => {
  notices.show(`file:${path}`, { level: "warning", text: message, closable: true });
});
socket.on("hello", (frame) => {
  if (!sections.current) sections.show(frame.section, { tell: false });
});

const shortcuts = createShortcuts(
  roomShortcuts({ find, results, panels, editor, chat, problemTabs, sections, help }),
  { bareEnabled: config.shortcuts !== false },
);
shortcuts.drawSheet(help.querySelector("[data-shortcut-list]"));

for (const code of root.querySelectorAll("[data-statement] pre")) code.tabIndex = 0;
find('[data-open="help"]').addEventListener("click", () => help.showModal());
find('[data-open="finish"]').addEventListener("click", () => finish.open());
addDiagnostics("sockets", () => [socket.state, assistantSocket.state]);
addDiagnostics("documents", () => documents.status.state);
addDiagnostics("recording", () => ({ ...recording.facts }));

tellBlocked({ socket, notices });
begin();
if (chat) assistantSocket.open();
