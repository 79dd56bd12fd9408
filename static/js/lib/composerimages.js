// Pictures of the question being written: pasted, dropped or chosen, shown small, taken out again.
import { element, icon } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { pickPictures } from "./pictureplan.js";
import { sendPicture, shrinkPicture } from "./pictures.js";

/**
 * root is the composer, with [data-composer=images|picture|file]. say(text) tells what is wrong, onChange() that pictures
 * came or went.
 */
export function createComposerImages({ root, csrf, say, onChange }) {
  const part = (name) => root.querySelector(`[data-composer="${name}"]`);
  const [list, button, chooser] = ["images", "picture", "file"].map(part);
  let intake = null;
  let items = [];

  function drawItem(item) {
    const label = gettext("Take this picture out");
    const remove = element(
      "button",
      { type: "button", class: "icon-button", "aria-label": label, title: label },
      icon("close"),
    );
    remove.addEventListener("click", () => drop(item));
    const picture = element("img", { src: item.shown, alt: gettext("Picture to be sent") });
    const busy = item.sent ? null : element("span", { class: "small" }, gettext("Sending…"));
    return element("li", { class: "thumbnail" }, picture, busy, remove);
  }

  function drawList() {
    list.replaceChildren(...items.map(drawItem));
    list.hidden = items.length === 0;
    button.hidden = !intake;
  }

  function draw() {
    drawList();
    onChange();
  }

  function drop(item) {
    items = items.filter((each) => each !== item);
    if (item.file) URL.revokeObjectURL(item.shown);
    draw();
  }

  async function take(file) {
    const item = { file, shown: URL.createObjectURL(file), sent: null };
    items = [...items, item];
    draw();
    try {
      const blob = await shrinkPicture(file, intake);
      item.sent = await sendPicture(blob, { url: intake.url, csrf });
      draw();
    } catch (error) {
      drop(item);
      say(error.message);
    }
  }

  function takeAll(files) {
    const pictures = pickPictures(files);
    if (pictures.length === 0) return false;
    if (!intake) {
      say(gettext("The assistant of this interview cannot see pictures."));
      return true;
    }
    const room = intake.per_question - items.length;
    if (pictures.length > room) {
      const text = gettext("A question can have %(n)s pictures at most.");
      say(interpolate(text, { n: intake.per_question }));
    }
    for (const file of pictures.slice(0, Math.max(0, room))) take(file);
    return true;
  }

  root.addEventListener("paste", (event) => {
    // Text wins: what is copied from a document often comes with its picture.
    if (event.clipboardData?.getData("text/plain")) return;
    if (takeAll(event.clipboardData?.files ?? [])) event.preventDefault();
  });
  root.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
  root.addEventListener("drop", (event) => {
    if (takeAll(event.dataTransfer?.files ?? [])) event.preventDefault();
  });
  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    takeAll(chooser.files);
    chooser.value = "";
  });
  drawList();

  return {
    /** How the server takes pictures, or null where it takes none. */
    setIntake(value) {
      intake = value;
      draw();
    },
    get isBusy() {
      return items.some(({ sent }) => !sent);
    },
    /** The pictures, as the server described them; the box is empty then. */
    takeOut() {
      const sent = items.map((item) => item.sent).filter(Boolean);
      for (const { file, shown } of items) if (file) URL.revokeObjectURL(shown);
      items = [];
      draw();
      return sent;
    },
    /** Those of a question that was refused come back. */
    giveBack(images) {
      items = [...images.map((sent) => ({ sent, shown: sent.url })), ...items];
      draw();
    },
  };
}
