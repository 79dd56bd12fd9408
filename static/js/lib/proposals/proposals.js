// Proposed edits and questions in the room: cards in the answers, diffs in the editor, the candidate's decisions.
import { setText } from "../dom.js";
import { gettext } from "../i18n.js";
import { createCards } from "./cards.js";
import { createDecisions, isOpen } from "./decisions.js";
import { hunkMarks, keyOf } from "./marks.js";

export function createProposals({ socket, documents, editor, panels, names }) {
  const drafts = new Map();
  const decisions = createDecisions({ socket, flush: () => documents.flush(), names });
  const marks = hunkMarks({
    accept: (key, text) => decideKey(key, "accept", text),
    refuse: (key) => decideKey(key, "refuse"),
    draftOf: (key) => drafts.get(key),
    keepDraft(key, text) {
      if (text === undefined) drafts.delete(key);
      else drafts.set(key, text);
    },
  });

  function drawEditor() {
    for (const path of editor.paths) {
      const doc = documents.get(path);
      if (doc?.state) marks.show(doc, decisions.openIn(path));
    }
  }

  const widgets = () => [...document.querySelectorAll("[data-hunk]")];

  /** After a decision the focus goes to the next one in this file, else into the text. */
  function focusNext() {
    const next = widgets()[0]?.querySelector("button:not([disabled])");
    if (next) next.focus();
    else editor.focus();
  }

  async function decideKey(key, decision, text) {
    const [edit, number] = key.split("/");
    const version = documents.get(editor.active)?.version();
    const hadFocus = document.activeElement?.closest("[data-hunk]");
    await decisions.decide(edit, decision, { hunks: [Number(number)], text, version });
    const hunk = decisions.get(edit)?.hunks.find((each) => each.hunk === Number(number));
    if (hunk?.state !== "undecided") drafts.delete(key);
    if (hadFocus) focusNext();
  }

  async function show(edit, hunk) {
    panels.show("code");
    await editor.show(hunk.path, { focus: true });
    drawEditor();
    const doc = documents.get(hunk.path);
    const key = keyOf({ edit }, hunk);
    const mark = doc && marks.find(doc, key);
    if (!mark) return;
    editor.goTo(doc.state.doc.lineAt(mark.from).number);
    // The editor draws what came into sight in its next frames.
    for (let frame = 0; frame < 10; frame += 1) {
      await new Promise(requestAnimationFrame);
      const widget = widgets().find((each) => each.dataset.hunk === key);
      const first = widget?.querySelector("button:not([disabled])");
      if (!first) continue;
      first.focus();
      return;
    }
  }

  function actOf(edit) {
    return {
      accept: (hunks) => decisions.decide(edit, "accept", { hunks }),
      refuse: (hunks) => decisions.decide(edit, "refuse", { hunks }),
      takeBack: (hunks) => decisions.decide(edit, "take_back", { hunks }),
      show: (hunk) => show(edit, hunk),
    };
  }

  return {
    extension: marks.extension,

    /** chat: {cards(turn), on("shown")}; announce is the element that screen readers listen to. */
    attach({ chat, announce }) {
      const answerOf = (question) => (numbers) => decisions.answer(question, numbers);
      const cards = createCards({ decisions, cardsOf: chat.cards, actOf, answerOf });
      decisions.on("change", (turn) => {
        cards.draw(turn);
        drawEditor();
      });
      chat.on("shown", cards.drawAll);
      editor.on("active", drawEditor);
      documents.on("taken", drawEditor);
      documents.on("renamed", decisions.renamed);
      socket.on("edit.proposed", ({ hunks }) =>
        setText(
          announce,
          hunks.some(isOpen)
            ? gettext("The assistant proposes an edit. You decide.")
            : gettext("The assistant has changed your files. You can take it back."),
        ),
      );
      socket.on("question.asked", () =>
        setText(announce, gettext("The assistant asks you to choose.")),
      );
    },
  };
}
