// What the tree asks for before it makes, renames, moves or deletes something.
import { gettext, interpolate, ngettext } from "./i18n.js";
import { isAt, listFolders, nameProblem } from "./paths.js";

/** files gives {folder, entries}: the section's folder and every file in it. moveTo(path, to), open(path). */
export function createTreeAsks({ form, files, actions, moveTo, open }) {
  const short = (path) => path.slice(files().folder.length + 1);
  const full = (name) => (name ? `${files().folder}/${name}` : files().folder);
  const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
  const folderOf = (path) => path.slice(0, path.lastIndexOf("/"));

  function names({ but }) {
    const others = files().entries.filter(({ path }) => but === null || !isAt(path, but));
    return new Set(others.map(({ path }) => short(path)));
  }

  function askFolder(path, count, lost) {
    const words = ngettext(
      "Delete %(name)s with %(n)s file?",
      "Delete %(name)s with %(n)s files?",
      count,
    );
    const loss = ngettext(
      "%(n)s of them is not kept and cannot come back.",
      "%(n)s of them are not kept and cannot come back.",
      lost,
    );
    const asked = interpolate(words, { name: `${short(path)}/`, n: count });
    return lost ? `${asked} ${interpolate(loss, { n: lost })}` : asked;
  }

  function askLost(path) {
    const words = gettext("Delete %(name)s? Its content is not kept, so this cannot be undone.");
    return interpolate(words, { name: short(path) });
  }

  return {
    create(place) {
      form.askName({
        label: gettext("Name of the new file"),
        value: short(`${place}/`),
        submit: gettext("Create"),
        problem: (name) => nameProblem(name, names({ but: null })),
        async send(name) {
          await actions.create(full(name));
          open(full(name));
        },
      });
    },

    rename({ path }) {
      form.askName({
        label: gettext("New name"),
        value: short(path),
        submit: gettext("Rename"),
        problem: (name) => nameProblem(name, names({ but: path })),
        send: (name) => moveTo(path, full(name)),
      });
    },

    move({ path, name }) {
      const { entries, folder } = files();
      const fits = (place) => full(place) !== folderOf(path) && !isAt(full(place), path);
      const places = ["", ...listFolders(entries, folder)].filter(fits);
      form.askChoice({
        label: interpolate(gettext("Move %(name)s to"), { name }),
        choices: places.map((place) => ({ value: full(place), label: `${place || folder}/` })),
        none: gettext("There is no other folder. Rename the file to lib/… to make one."),
        submit: gettext("Move"),
        send: (place) => moveTo(path, `${place}/${nameOf(path)}`),
      });
    },

    /** A file whose content is kept goes at once: that can be undone. All else is asked once. */
    remove({ path, isFolder }) {
      const found = files().entries.filter((entry) => isAt(entry.path, path));
      const lost = found.filter(({ hash }) => hash === "").length;
      if (!isFolder && lost === 0) {
        actions.remove(path);
        return;
      }
      form.confirm({
        question: isFolder ? askFolder(path, found.length, lost) : askLost(path),
        submit: gettext("Delete"),
        send: () => actions.remove(path, { isAsked: true, isKept: lost < found.length }),
      });
    },
  };
}
