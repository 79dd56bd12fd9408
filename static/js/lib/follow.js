// Following the candidate on the watch page: their file is opened and their place kept in sight, until one looks elsewhere.
import { EditorView } from "../../vendor/codemirror.js";
import { caretOf } from "./cursors.js";
import { createEmitter } from "./events.js";

const MARGIN_PX = 48;
// What somebody does who wants to look around by themselves.
const BY_HAND = "[data-tree], [data-editor-tabs], [data-section]";

/**
 * button is a toggle with aria-pressed. Event: "place" (path or null): where the candidate is, whether followed or not.
 */
export function createFollow({ root, button, presence, documents, editor, sections }) {
  const emitter = createEmitter();
  const view = root.querySelector("[data-editor-view]");
  let isOn = true;
  let place = null;

  function draw() {
    button.setAttribute("aria-pressed", String(isOn));
  }

  function keepInSight() {
    const doc = documents.get(place.path);
    const at = doc?.view ? caretOf(doc.state, place.id) : null;
    if (at === null) return;
    const effects = EditorView.scrollIntoView(at, { y: "nearest", yMargin: MARGIN_PX });
    doc.view.dispatch({ effects });
  }

  async function go() {
    const { path } = place;
    sections.show(path.split("/")[0], { tell: false });
    if (editor.active !== path) await editor.show(path);
    if (isOn && place.path === path) keepInSight();
  }

  function set(value) {
    if (value === isOn) return;
    isOn = value;
    draw();
    if (isOn && place?.path) go();
  }

  presence.on("cursor", (frame) => {
    if (frame.who !== "candidate") return;
    const isElsewhere = place?.path !== frame.path;
    place = frame;
    if (isElsewhere) emitter.emit("place", frame.path);
    if (isOn && frame.path) go();
  });
  presence.on("edited", (path) => {
    if (isOn && path === place?.path && path === editor.active) keepInSight();
  });
  editor.on("active", (path) => {
    // Their place in a file is known before the file is there.
    if (isOn && place && path === place.path) setTimeout(keepInSight);
  });
  button.addEventListener("click", () => set(!isOn));
  // Before anybody acts on it: what was chosen may be drawn anew, and is nowhere then.
  const early = { capture: true };
  root.addEventListener("click", (event) => event.target.closest(BY_HAND) && set(false), early);
  root.addEventListener(
    "keydown",
    ({ key, target }) => {
      const isChoice = (key === "Enter" || key === " ") && target.closest(BY_HAND);
      if (isChoice || target.closest("[data-editor-view]")) set(false);
    },
    early,
  );
  for (const name of ["wheel", "touchmove"]) {
    view.addEventListener(name, () => set(false), { passive: true });
  }
  draw();

  return { on: emitter.on, stop: () => set(false) };
}
