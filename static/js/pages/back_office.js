// Our parts inside unfold's pages: rows added and removed, links copied.
import { mountCopy } from "../lib/review/copy.js";

function mountRows(root) {
  const template = root.querySelector("template[data-row-template]");
  const add = root.querySelector("[data-row-add]");
  const reveal = (row) => {
    const remove = row.querySelector("[data-row-remove]");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("input, select, textarea") ?? add).focus();
    });
  };
  for (const row of root.querySelectorAll("[data-row]")) reveal(row);
  add.hidden = false;
  add.addEventListener("click", () => {
    const row = template.content.firstElementChild.cloneNode(true);
    template.before(row);
    reveal(row);
    row.querySelector("input, select, textarea").focus();
  });
}

for (const root of document.querySelectorAll("[data-rows]")) mountRows(root);
mountCopy(document);
