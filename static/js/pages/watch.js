// Watching an interview live, and typing in it where that is allowed.
//
// The server gives one json_script "watch-config" (interviews/views/watch.py):
//   interview          id of the interview
//   sections           [{folder, title, language, entry, statement_html}] in order; entry with its folder
//   candidate          what the candidate is called
//   may_type           whether this member may edit documents
//   sees_conversation  whether there is a conversation to be seen
//   last_run           id of the latest run, or null
//   terminals          {is_available, reason, names}: whether there are shells, and what they are called
//   content_url        where the content of a file that is no document is, by its path
import { createClock } from "../lib/clock.js";
import { createDocuments } from "../lib/documents.js";
import { readJson } from "../lib/dom.js";
import { createEditor } from "../lib/editor.js";
import { editorExtensions } from "../lib/editorsetup.js";
import { createFileView } from "../lib/fileview.js";
import { createFollow } from "../lib/follow.js";
import { createHints } from "../lib/hints.js";
import { gettext, interpolate } from "../lib/i18n.js";
import { createCopies, watchCopies } from "../lib/insertions.js";
import { mountLive } from "../lib/live/live.js";
import { createNotices } from "../lib/notices.js";
import { createOtherFiles } from "../lib/otherfiles.js";
import { startPage } from "../lib/page.js";
import { createPanels } from "../lib/panels.js";
import { createPendingStore } from "../lib/pendingstore.js";
import { createPresence } from "../lib/presence.js";
import { createRoomBar } from "../lib/roombar.js";
import { createSections } from "../lib/sections.js";
import { createSocket, socketUrl } from "../lib/socket.js";
import { createTabs } from "../lib/tabs.js";
import { createTerminals } from "../lib/terminal/terminals.js";
import { createWatchBar } from "../lib/watchbar.js";
import { createWatchChat } from "../lib/watchchat.js";
import { followWatched } from "../lib/watchevents.js";
import { createWatchRuns } from "../lib/watchruns.js";
import { createWatchTree } from "../lib/watchtree.js";

const config = readJson("watch-config");
const root = document.getElementById("watch");
const find = (selector) => root.querySelector(selector);
const cspNonce = document.querySelector('meta[name="csp-nonce"]')?.content ?? "";
const id = config.interview;
// This browser may hold the candidate's cookie too: of a preview, say.
const address = (name) => socketUrl(`/ws/interviews/${id}/${name}/?as=member`);
const nobodyToTell = { request: () => Promise.resolve() };

startPage();

const notices = createNotices(find("[data-notices]"));
const socket = createSocket(address("workspace"));
const clock = createClock();
const panels = createPanels(root);
const copies = createCopies();
watchCopies(document, copies);

const presence = createPresence({
  socket,
  isInterviewer: config.may_type,
  nameOf: ({ who, name }) => (who === "candidate" ? config.candidate : name),
});

function tooLarge() {
  const text = gettext("That would make the file larger than 1 MB, so it was not put in.");
  notices.show("size", { level: "warning", text, closable: true });
}

const documents = createDocuments({
  socket,
  store: createPendingStore(`watch:${id}`),
  makeExtensions: (path) =>
    editorExtensions({
      path,
      label: interpolate(gettext("Editor, %(path)s"), { path }),
      cspNonce,
      keys: [],
      onTooLarge: tooLarge,
      copies,
      others: () => [],
      extras: presence.extensions(),
    }),
});
const others = createOtherFiles({ socket });
const fileView = createFileView({
  root: find("[data-file-view]"),
  addressOf: (path) => `${config.content_url}?${new URLSearchParams({ path })}`,
  isOwn: false,
});
const editor = createEditor({ root, documents, others, fileView });
const tree = createWatchTree({
  root: find("[data-files]"),
  documents,
  others,
  open: (path) => {
    panels.show("code");
    editor.show(path, { focus: true });
  },
});
const sections = createSections({
  root,
  sections: config.sections,
  socket: nobodyToTell,
  documents,
  editor,
  tree,
  memoryKey: `interviewlm:watch:${id}:tabs`,
});
presence.watch(documents, editor);

const follow = createFollow({
  root,
  button: find("[data-follow]"),
  presence,
  documents,
  editor,
  sections,
});
const sideTabs = createTabs(find('[data-panel="problem"]'));
const factTabs = createTabs(find('[data-panel="assistant"]'));
const terminals = createTerminals({
  root: find("[data-terminals]"),
  interview: id,
  config: config.terminals,
  socket,
  nonce: cspNonce,
  isMember: true,
});
const resultTabs = createTabs(find("[data-runs] .panel-head"), (name) => {
  if (name === "terminal") terminals.begin();
});
const runs = createWatchRuns({ root: find("[data-runs]"), socket, lastRun: config.last_run });

createRoomBar({ root, documents, socket, clock });
createWatchBar({ root, socket, clock, presence });
followWatched({ socket, notices, documents });
mountLive(find("[data-live]"));
sideTabs.select("files");

find("[data-show-time]").addEventListener("click", () => {
  panels.reveal("assistant");
  factTabs.select("facts");
});
follow.on("place", tree.setPlace);
editor.on("active", (_document, path) => tree.setActive(path));
editor.on("problem", (message, path) => {
  notices.show(`file:${path}`, { level: "warning", text: message, closable: true });
});
runs.on("show", resultTabs.select);
socket.on("hello", (frame) => {
  if (!sections.current) sections.show(frame.section, { tell: false });
});

for (const code of root.querySelectorAll("[data-statement] pre")) code.tabIndex = 0;
addEventListener("pagehide", () => documents.rememberAll());

socket.open();
if (config.sees_conversation) {
  const assistantSocket = createSocket(address("assistant"));
  createWatchChat({ root: find("[data-chat-root]"), socket: assistantSocket });
  createHints({ root: find("[data-hints-root]"), socket: assistantSocket });
  assistantSocket.open();
}
