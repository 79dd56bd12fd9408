// While steps are pending, asks every five seconds where they stand; news is announced, never forced.

const EVERY_MS = 5000;

export function mountSteps(root) {
  const box = root.querySelector("[data-steps][data-pending]");
  if (!box) return;
  const news = root.querySelector("[data-news]");

  function render(step) {
    const place = box.querySelector(`[data-step="${CSS.escape(step.name)}"]`);
    if (!place) return;
    const words = place.querySelector("[data-step-words]");
    words.textContent = step.words;
    words.className = `status ${step.tone}`;
    place.querySelector("[data-step-message]").textContent = step.message;
  }

  async function ask() {
    let isPending = true;
    try {
      const answer = await fetch(box.dataset.url);
      if (answer.ok) {
        const state = await answer.json();
        for (const step of state.steps) render(step);
        if (state.stamp !== box.dataset.stamp) news.hidden = false;
        isPending = state.pending;
      }
    } catch {
      // the network may be back at the next try
    }
    if (isPending) setTimeout(ask, EVERY_MS);
  }

  news.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
  setTimeout(ask, EVERY_MS);
}
