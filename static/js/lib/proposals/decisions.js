// What waits for the candidate's decision, as the page knows it; frames in, changes out. No DOM here.
import { createEmitter } from "../events.js";
import { gettext } from "../i18n.js";

export const isOpen = ({ state }) => state === "undecided";

/** Written at once, as the policy says: the candidate may take it back. */
export const isApplied = ({ state }) => state === "applied";

/** A question is over once it was answered or skipped. */
export const isAnswered = ({ answer }) => answer !== null && answer !== undefined;

/**
 * Events: "change" (turn). A proposal is {edit, turn, summary, hunks, problem}, a hunk {hunk, path, action, line, at, old,
 * new, text, state, added, removed, problem}; a question is as the frames have it, with its problem. Without a right to
 * decide (watchers) decide and answer are not called. names.tab says which tab decides: files change in the writing one only.
 */
export function createDecisions({ socket, flush = () => Promise.resolve(true), names = {} }) {
  const emitter = createEmitter();
  const proposals = new Map();
  const questions = new Map();

  function takeProposal(frame) {
    const problems = new Map((frame.conflicts ?? []).map(({ hunk, message }) => [hunk, message]));
    const before = proposals.get(frame.edit);
    const hunks = frame.hunks.map((hunk) => {
      const kept = before?.hunks.find((each) => each.hunk === hunk.hunk);
      const isWaiting = isOpen(hunk) || isApplied(hunk);
      const problem = isWaiting ? (problems.get(hunk.hunk) ?? kept?.problem ?? "") : "";
      return { ...hunk, problem };
    });
    proposals.set(frame.edit, { ...frame, hunks, problem: "", isBusy: false });
    emitter.emit("change", frame.turn);
  }

  function takeQuestion(frame) {
    questions.set(frame.question, { ...frame, problem: "", isBusy: false });
    emitter.emit("change", frame.turn);
  }

  async function send(item, frame) {
    Object.assign(item, { isBusy: true, problem: "" });
    emitter.emit("change", item.turn);
    try {
      await flush();
      await socket.request(frame);
    } catch (error) {
      item.problem =
        error.message || gettext("That was not stored. Your files are unchanged; try again.");
    }
    item.isBusy = false;
    emitter.emit("change", item.turn);
  }

  socket.on("hello", (frame) => {
    proposals.clear();
    questions.clear();
    for (const each of frame.proposals ?? []) takeProposal(each);
    for (const each of frame.questions ?? []) takeQuestion(each);
  });
  // An answer that is followed again says again what it proposed: what is decided since stays.
  socket.on("edit.proposed", (frame) => {
    if (!proposals.has(frame.edit)) takeProposal(frame);
  });
  socket.on("edit.decided", takeProposal);
  socket.on("question.asked", (frame) => {
    if (!questions.has(frame.question)) takeQuestion(frame);
  });
  socket.on("question.answered", takeQuestion);

  return {
    on: emitter.on,
    get proposals() {
      return [...proposals.values()];
    },
    of: (turn) => ({
      proposals: [...proposals.values()].filter((each) => each.turn === turn),
      questions: [...questions.values()].filter((each) => each.turn === turn),
    }),
    get turns() {
      const every = [...proposals.values(), ...questions.values()];
      return [...new Set(every.map(({ turn }) => turn))];
    },
    /** The undecided parts of a document: [proposal, hunk]. */
    openIn: (path) =>
      [...proposals.values()].flatMap((proposal) =>
        proposal.hunks
          .filter((hunk) => isOpen(hunk) && hunk.action === "change" && hunk.path === path)
          .map((hunk) => [proposal, hunk]),
      ),
    get: (edit) => proposals.get(edit) ?? null,

    /** A file has another name: its parts go along. */
    renamed(from, to) {
      for (const proposal of proposals.values()) {
        const isHere = proposal.hunks.some(({ path }) => path === from);
        for (const hunk of proposal.hunks) if (hunk.path === from) hunk.path = to;
        if (isHere) emitter.emit("change", proposal.turn);
      }
    },

    /** decision is accept, refuse or take_back; hunks are numbers, all without; text is what was made of the one part first. */
    decide(edit, decision, { hunks, text, version } = {}) {
      const frame = { type: "edit.decide", edit, decision, hunks, text, version, tab: names.tab };
      return send(proposals.get(edit), frame);
    },

    /** An empty answer skips the question. */
    answer(question, answer) {
      return send(questions.get(question), { type: "question.answer", question, answer });
    },
  };
}
