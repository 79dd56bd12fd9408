// A command of the assistant's, put into a terminal after the candidate's click, where all can see it.
import { gettext } from "../i18n.js";

/** A folder below the workspace, which is the shell's home. */
const quoted = (folder) => `~/'${folder.replaceAll("'", "'\\''")}'`;

/** Why nothing can be put into the terminal that is shown, or nothing. */
export function obstacleText(facts) {
  const isReading = facts?.phase === "live" && !facts.isDriver;
  return isReading ? gettext("You write in another window.") : "";
}

/**
 * sessions() gives those open, current() the one shown; openFree() opens one more or gives null; show(name) shows one.
 * prepare() has the files stored. Gives start(command, folder) -> words of what was in the way, or "".
 */
export function createSuggested({ sessions, current, openFree, show, prepare }) {
  const isFree = ({ mayRun }) => mayRun();
  // One that has just been opened is waited for.
  const isComing = ({ facts }) => !facts.wasReady && facts.phase !== "closed";

  /** The one that is shown, if its shell waits; else another that waits; else a new one. */
  async function choose() {
    const shown = current();
    if (shown?.facts.phase === "ended") {
      shown.restart();
      return shown;
    }
    if (shown && (isFree(shown) || isComing(shown))) return shown;
    const other = [...sessions()].find(isFree);
    if (other) {
      show(other.facts.name);
      return other;
    }
    return openFree();
  }

  return async function start(command, folder) {
    if (!(await prepare())) {
      return gettext("Your latest changes are not stored yet. Try again in a moment.");
    }
    const session = await choose();
    if (!session) {
      return gettext("A program runs in each terminal. Leave one of them, then run this again.");
    }
    const isThere = await session.run(folder ? `cd ${quoted(folder)} && ${command}` : command);
    session.screen.term.focus();
    return isThere ? "" : gettext("The shell was not ready for the command. Try it once more.");
  };
}
