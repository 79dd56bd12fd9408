// The question of a turn: its words and pictures, the pencil on the last one, and what it was before it was edited.
import { element, icon, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";

function drawImages(root, images) {
  const key = images.map(({ image }) => image).join(" ");
  if (root.dataset.images === key) return;
  root.dataset.images = key;
  const thumbnails = images.map(({ url, width, height }, at) => {
    const alt = interpolate(gettext("Picture %(n)s of the question"), { n: at + 1 });
    const picture = element("img", { src: url, width, height, alt, loading: "lazy" });
    return element(
      "a",
      { href: url, target: "_blank", rel: "noopener", class: "thumbnail" },
      picture,
    );
  });
  root.replaceChildren(...thumbnails);
}

function earlierText({ question, answer }) {
  const parts = [element("p", { class: "turn-question" }, question ?? "")];
  if (answer) parts.push(element("p", { class: "turn-earlier-answer" }, answer));
  return parts;
}

/** edit(entry) begins to edit the question; without it there is no pencil. */
export function createQuestion({ edit = null } = {}) {
  const words = element("p", { class: "turn-question" });
  const images = element("div", { class: "turn-images" });
  const label = gettext("Edit this question");
  const pencil = element(
    "button",
    { type: "button", class: "icon-button turn-edit", "aria-label": label, title: label },
    icon("pencil"),
  );
  const before = element("div", { class: "turn-earlier" });
  const summary = element("summary", {}, gettext("Edited"));
  const history = element("details", { class: "turn-edited small" }, summary, before);
  const root = element("div", { class: "turn-asked" }, words, pencil, images, history);
  let shown = null;
  let told = "";

  pencil.addEventListener("click", () => edit?.(shown));

  return {
    root,
    update(entry) {
      shown = entry;
      setText(words, entry.question ?? "");
      root.hidden = !entry.question;
      pencil.hidden = !edit || !entry.isEditable;
      drawImages(images, entry.images ?? []);
      const earlier = entry.earlier ?? [];
      history.hidden = earlier.length === 0;
      const key = earlier.map((each) => each.key).join(" ");
      if (key !== told) before.replaceChildren(...earlier.flatMap(earlierText));
      told = key;
    },
  };
}
