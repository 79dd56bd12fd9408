// The files of one section as a tree: open, create, rename, delete, all from the keyboard too.
import { element, icon, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { nameProblem, treeRows } from "./paths.js";

/**
 * root holds [data-tree], [data-tree-action=create|rename|delete] and [data-tree-form]. open(path) shows a file.
 */
export function createFileTree({ root, documents, open }) {
  const list = root.querySelector("[data-tree]");
  const form = root.querySelector("[data-tree-form]");
  const collapsed = new Set();
  let folder = "";
  let active = null;
  let focused = null;
  let rows = [];

  const short = (path) => path.slice(folder.length + 1);
  const files = () => new Set(documents.entries.map((entry) => short(entry.path)));
  const action = (name) => root.querySelector(`[data-tree-action="${name}"]`);

  function drawRow(row) {
    const isTabStop = row.path === (focused ?? active ?? rows[0]?.path);
    const item = element(
      "li",
      {
        role: "treeitem",
        class: row.isFolder ? "tree-folder" : "tree-file",
        tabindex: isTabStop ? "0" : "-1",
        "aria-level": row.level,
        "aria-expanded": row.isFolder ? String(row.isOpen) : null,
        "aria-selected": row.isFolder ? null : String(row.path === active),
        "data-path": row.path,
        "data-level": Math.min(row.level, 6),
        title: short(row.path),
      },
      icon(row.isFolder ? "chevron" : "file"),
      element("span", {}, row.name),
    );
    item.addEventListener("click", () => activate(row));
    return item;
  }

  function draw() {
    rows = treeRows(documents.entries, folder, collapsed);
    const hadFocus = list.contains(document.activeElement);
    list.replaceChildren(...rows.map(drawRow));
    if (hadFocus) list.querySelector('[tabindex="0"]')?.focus();
    action("rename").disabled = !active;
    action("delete").disabled = !active;
  }

  function activate(row) {
    focused = row.path;
    if (row.isFolder) {
      if (!collapsed.delete(row.path)) collapsed.add(row.path);
      draw();
    } else {
      open(row.path);
    }
  }

  function step(by) {
    const at = rows.findIndex((row) => row.path === document.activeElement?.dataset.path);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!next) return;
    focused = next.path;
    draw();
  }

  function onKey(event) {
    const row = rows.find((candidate) => candidate.path === document.activeElement?.dataset.path);
    if (!row) return;
    const open_ = row.isFolder && row.isOpen;
    const keys = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Home: () => step(-rows.length),
      End: () => step(rows.length),
      Enter: () => activate(row),
      " ": () => activate(row),
      ArrowRight: () => (row.isFolder && !open_ ? activate(row) : step(1)),
      ArrowLeft: () => (open_ ? activate(row) : step(-1)),
      F2: () => row.path === active && ask("rename"),
      Delete: () => row.path === active && ask("delete"),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  function close() {
    form.hidden = true;
    form.replaceChildren();
  }

  function buttons(label, kind) {
    return element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: `button ${kind}` }, label),
      element(
        "button",
        { type: "button", class: "button quiet", onclick: close },
        gettext("Cancel"),
      ),
    );
  }

  /** The form stays, with what was typed, until the server has agreed. */
  function submitTo(send) {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const error = form.querySelector(".error");
      error.textContent = "";
      try {
        const refused = await send();
        if (refused) error.textContent = refused;
        else close();
      } catch (failure) {
        error.textContent = failure.message || gettext("The connection is away. Try again.");
      }
    };
  }

  function askName(label, value, submit, send) {
    const input = element("input", { id: "tree-name", autocomplete: "off", spellcheck: "false" });
    input.value = value;
    const field = element(
      "div",
      { class: "field" },
      element("label", { for: "tree-name" }, label),
      input,
      element("p", { class: "error", role: "alert" }),
    );
    form.replaceChildren(field, buttons(submit, "primary"));
    form.hidden = false;
    input.focus();
    const dot = value.lastIndexOf(".");
    input.setSelectionRange(value.lastIndexOf("/") + 1, dot > 0 ? dot : value.length);
    submitTo(async () => nameProblem(input.value, files()) || (await send(input.value.trim())));
  }

  function ask(name) {
    if (name === "create") {
      askName(gettext("Name of the new file"), "", gettext("Create"), async (chosen) => {
        const path = `${folder}/${chosen}`;
        await documents.create(path);
        open(path);
      });
    } else if (name === "rename") {
      const from = active;
      askName(gettext("New name"), short(from), gettext("Rename"), async (chosen) => {
        await documents.rename(from, `${folder}/${chosen}`);
      });
    } else askDelete(active);
  }

  function askDelete(path) {
    const question = interpolate(gettext("Delete %(name)s? It does not come back."), {
      name: short(path),
    });
    const error = element("p", { class: "error small", role: "alert" });
    const row = buttons(gettext("Delete"), "danger");
    form.replaceChildren(element("p", {}, question), error, row);
    form.hidden = false;
    row.querySelector("button").focus();
    submitTo(() => documents.remove(path).then(() => ""));
  }

  list.addEventListener("keydown", onKey);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
    list.querySelector('[tabindex="0"]')?.focus();
  });
  for (const name of ["create", "rename", "delete"]) {
    action(name).addEventListener("click", () => ask(name));
  }
  documents.on("list", draw);

  return {
    showSection(name) {
      folder = name;
      setText(root.querySelector("[data-tree-folder]"), name);
      focused = null;
      close();
      draw();
    },
    setActive(path) {
      active = path;
      focused = path;
      draw();
    },
  };
}
