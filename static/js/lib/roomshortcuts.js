// The shortcuts of the room, in the order the sheet lists them.
import { gettext } from "./i18n.js";

/** The parts are those of pages/room.js; chat is null where there is no assistant. */
export function roomShortcuts({
  find,
  results,
  panels,
  editor,
  chat,
  problemTabs,
  sections,
  help,
}) {
  const { runs, toTerminal } = results;

  function toAssistant() {
    panels.reveal("assistant");
    chat?.focus();
  }

  function toFiles() {
    panels.reveal("problem");
    problemTabs.select("files");
    find('[data-tree] [tabindex="0"]')?.focus();
  }

  function toCommand() {
    panels.reveal("results");
    runs.showCommand();
  }

  return [
    { keys: "Mod+Enter", label: gettext("Run the tests"), run: () => runs.start("tests") },
    {
      keys: "Mod+1",
      label: gettext("Show or hide the problem"),
      run: () => panels.toggle("problem"),
    },
    {
      keys: "Mod+2",
      label: gettext("Fold or unfold the results"),
      run: () => panels.toggle("results"),
    },
    {
      keys: "Mod+3",
      label: gettext("Show or hide the assistant"),
      run: () => panels.toggle("assistant"),
    },
    { keys: "Alt+e", label: gettext("To the editor"), run: () => editor.focus() },
    { keys: "Alt+a", label: gettext("To the assistant"), run: toAssistant },
    { keys: "Alt+f", label: gettext("To the files"), run: toFiles },
    { keys: "Alt+t", label: gettext("To the terminal"), run: toTerminal },
    { keys: "Alt+c", label: gettext("To the command line"), run: toCommand },
    { keys: "Alt+PageUp", label: gettext("Previous problem"), run: () => sections.move(-1) },
    { keys: "Alt+PageDown", label: gettext("Next problem"), run: () => sections.move(1) },
    { keys: "Mod+F", label: gettext("Search in the file") },
    { keys: "F8", label: gettext("Next marked mistake") },
    { keys: "Alt+m", label: gettext("List the marked mistakes") },
    { keys: "Ctrl+m", label: gettext("In the terminal: let Tab leave it") },
    { keys: "Ctrl+Shift+c", label: gettext("In the terminal: copy what is selected") },
    { keys: "Ctrl+Shift+v", label: gettext("In the terminal: paste") },
    { keys: "?", label: gettext("This sheet"), bare: true, run: () => help.showModal() },
  ];
}
