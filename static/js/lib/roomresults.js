// What stands below the editor in the room: tests, terminals and the output of runs.
import { createBrowserTests } from "./browserruns.js";
import { createRuns } from "./runs.js";
import { createTabs } from "./tabs.js";
import { createTerminals } from "./terminal/terminals.js";

/**
 * root is the room; config, socket, documents and panels are those of pages/room.js; target() gives the {section, path}
 * that is open. Gives {runs, terminals, toTerminal()}.
 */
export function createRoomResults({ root, config, socket, documents, panels, target, nonce }) {
  const below = root.querySelector("[data-runs]");
  const flush = () => documents.flush();
  const runs = createRuns({
    root: below,
    socket,
    flush,
    target,
    inBrowser: createBrowserTests({ config: config.in_browser, documents, socket }),
    memoryKey: `interviewlm:room:${config.interview}:commands`,
  });
  const terminals = createTerminals({
    root: below.querySelector("[data-terminals]"),
    interview: config.interview,
    config: config.terminals,
    socket,
    nonce,
    flush,
  });
  const tabs = createTabs(below.querySelector(".panel-head"), (name) => {
    if (name === "terminal") terminals.begin();
  });

  function show(name) {
    panels.reveal("results");
    tabs.select(name);
  }

  runs.on("show", show);
  terminals.on("show", () => show("terminal"));

  return {
    runs,
    terminals,
    async toTerminal() {
      show("terminal");
      await terminals.begin();
      terminals.focus();
    },
  };
}
