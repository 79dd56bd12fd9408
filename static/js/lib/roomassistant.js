// The assistant in the room: its panel, and what waits for the candidate's decision.
import { createChat } from "./chat.js";
import { createHints } from "./hints.js";
import { createProposals } from "./proposals/proposals.js";
import { createWorkspace } from "./workspace.js";

/** Like createChat's, with the editor's extension for proposed edits. */
export function createRoomAssistant({ root, socket, draftKey, csrf, ...room }) {
  const { documents, editor, panels, runs, terminals, sections, names } = room;
  const proposals = createProposals({ socket, documents, editor, panels, names });
  const folder = () => sections.current?.folder ?? "";
  const workspace = createWorkspace({ documents, editor, panels, runs, terminals, folder });
  const chat = createChat({ root, socket, workspace, draftKey, csrf });
  const hintsRoot = root.querySelector("[data-hints-root]");
  const hints = createHints({ root: hintsRoot, socket, folder, files: workspace.files });
  editor.on("active", hints.draw);
  for (const part of [runs, terminals]) part.on("controls", chat.redrawRuns);
  // Which file a name stands for depends on what there is and on the problem that is open.
  documents.on("list", chat.relinkPlaces);
  editor.on("active", chat.relinkPlaces);
  proposals.attach({ chat, announce: root.querySelector('[data-chat="announce"]') });
  return { ...chat, extension: proposals.extension };
}
