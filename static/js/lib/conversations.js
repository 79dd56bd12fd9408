// Several conversations with the assistant: a new one, and going back to an earlier one.
import { element } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

const MOST = 20;

/** root holds [data-switch=list|new]. onSelect(id): show this conversation; the server knows a new one once it is asked. */
export function createSwitch({ root, onSelect }) {
  const list = root.querySelector('[data-switch="list"]');
  const button = root.querySelector('[data-switch="new"]');
  let ids = [];
  let current = null;

  function draw() {
    const options = ids.map((id, at) => {
      const name = interpolate(gettext("Conversation %(n)s"), { n: at + 1 });
      return element("option", { value: id }, name);
    });
    list.replaceChildren(...options);
    list.value = current ?? "";
    list.hidden = ids.length < 2;
    button.disabled = ids.length === 0 || ids.length >= MOST;
  }

  function choose(id) {
    current = id;
    draw();
    onSelect(current);
  }

  list.addEventListener("change", () => choose(list.value));
  button.addEventListener("click", () => {
    const id = crypto.randomUUID();
    ids = [...ids, id];
    choose(id);
  });
  draw();

  return {
    get current() {
      return current;
    },
    /** What the server knows; one that was not asked anything yet stays. */
    hello({ conversations = [], conversation = null }) {
      ids = [...new Set([...conversations, ...ids])];
      choose(current ?? conversation);
    },
    /** A conversation that began elsewhere, or with the first question of all. */
    adopt(id) {
      if (!id || ids.includes(id)) return;
      ids = [...ids, id];
      if (current) draw();
      else choose(id);
    },
  };
}
