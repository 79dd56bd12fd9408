// The cards of every turn: proposals and questions, kept in the elements the conversation gives.
import { createCard } from "./card.js";
import { createQuestionCard } from "./question.js";

/**
 * cardsOf(turn) gives the element of a turn, or null while it is not drawn. actOf(edit) and answerOf(question) give what a
 * person may do; both null for watchers.
 */
export function createCards({ decisions, cardsOf, actOf = null, answerOf = null }) {
  const cards = new Map();

  function cardOf(key, create) {
    if (!cards.has(key)) cards.set(key, create());
    return cards.get(key);
  }

  function draw(turn) {
    const place = cardsOf(turn);
    if (!place) return;
    const { proposals, questions } = decisions.of(turn);
    const items = [
      ...proposals.map((item) => [item, item.edit, () => createCard(actOf?.(item.edit) ?? null)]),
      ...questions.map((item) => [
        item,
        item.question,
        () => createQuestionCard(answerOf?.(item.question) ?? null),
      ]),
    ].sort(([a], [b]) => a.created_at.localeCompare(b.created_at));
    for (const [item, key, create] of items) {
      const card = cardOf(key, create);
      card.update(item);
      if (card.root.parentElement !== place) place.append(card.root);
    }
  }

  return {
    draw,
    drawAll() {
      for (const turn of decisions.turns) draw(turn);
    },
  };
}
