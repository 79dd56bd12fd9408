// A file that cannot be edited, in the place of the editor: what it is, and its content to take away.
import { element } from "./dom.js";
import { gettext } from "./i18n.js";
import { isPicture, kindWords, sizeWords } from "./sizes.js";

function explain({ kind, hash }, isOwn) {
  const words = {
    binary: gettext("This is not text, so it cannot be edited here. Your programs can read it."),
    large: gettext("This is too large to edit here. Your programs can read it."),
    link: gettext("A link that a command made. It is shown, and never followed."),
    special: gettext("A command made this. It has no content to show."),
    untracked: gettext("There are too many files to edit this one too. Your programs can read it."),
  };
  const hasContent = kind !== "link" && kind !== "special";
  if (hasContent && !isOwn) {
    return hash
      ? gettext("This cannot be shown in the editor. The candidate’s programs can read it.")
      : gettext("It is only on the machine that runs the candidate’s code, and is not kept.");
  }
  const loss = gettext(
    "It is only on the machine that runs your code, and is lost if that is restarted.",
  );
  const isLost = kind === "large" && !hash;
  return isLost ? `${words.large} ${loss}` : words[kind];
}

/** root is the panel; addressOf(path) is where its content is. isOwn is false for whoever only looks on. */
export function createFileView({ root, addressOf, isOwn = true }) {
  let shown = "";

  function drawPicture({ path, hash }) {
    const picture = element("img", {
      src: `${addressOf(path)}&v=${hash.slice(0, 12)}`,
      alt: path.slice(path.lastIndexOf("/") + 1),
    });
    // Its name says that it is one; the server says whether that is true.
    picture.addEventListener("error", () => picture.remove());
    return picture;
  }

  function draw(entry) {
    const { path, kind, size, hash } = entry;
    const facts = [[gettext("Kind"), kindWords(kind)]];
    if (kind !== "link" && kind !== "special") facts.push([gettext("Size"), sizeWords(size)]);
    facts.push([gettext("Path"), path.slice(path.indexOf("/") + 1)]);
    const download = { class: "button", href: addressOf(path), download: "" };
    root.replaceChildren(
      element("h2", {}, path.slice(path.lastIndexOf("/") + 1)),
      element("p", { class: "muted" }, explain(entry, isOwn)),
      element(
        "dl",
        { class: "facts" },
        ...facts.flatMap(([name, words]) => [element("dt", {}, name), element("dd", {}, words)]),
      ),
      hash ? element("p", {}, element("a", download, gettext("Download"))) : "",
      hash && kind === "binary" && isPicture(path) ? drawPicture(entry) : "",
    );
  }

  return {
    /** null puts it away. */
    show(entry) {
      const facts = JSON.stringify(entry);
      root.hidden = entry === null;
      if (entry && facts !== shown) draw(entry);
      if (!entry) root.replaceChildren();
      shown = facts;
    },
  };
}
