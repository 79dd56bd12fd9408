// The turns on screen, in order, each drawn by its own view; nothing moves what is being read.

/** createView() -> {root, cards, update(entry)}; more is shown while there is something below. */
export function createTurnList({ log, more, createView }) {
  const views = new Map();
  let isOwed = false;

  function viewOf(entry) {
    if (!views.has(entry.key)) views.set(entry.key, createView());
    return views.get(entry.key);
  }

  function drawMore() {
    const parts = [...(log.lastElementChild?.children ?? [])];
    const end = Math.max(0, ...parts.map((node) => node.getBoundingClientRect().bottom));
    more.hidden = end <= log.getBoundingClientRect().bottom + 4;
  }

  function place(nodes) {
    nodes.forEach((node, at) => {
      if (log.children[at] !== node) log.insertBefore(node, log.children[at] ?? null);
    });
    while (log.children.length > nodes.length) log.lastElementChild.remove();
  }

  /** The last words and what waits under them, whose cards are drawn after the turns; once the panel is there to see. */
  function showEnd() {
    isOwed = log.clientHeight === 0;
    if (isOwed) return;
    log.scrollTop = log.scrollHeight;
    requestAnimationFrame(() => {
      log.scrollTop = log.scrollHeight;
      drawMore();
    });
  }

  new ResizeObserver(() => {
    if (isOwed) showEnd();
    else drawMore();
  }).observe(log);
  log.addEventListener("scroll", drawMore, { passive: true });
  more.addEventListener("click", () => {
    log.scrollTop = log.scrollHeight;
  });

  return {
    update(entries) {
      for (const entry of entries) viewOf(entry).update(entry);
      drawMore();
    },

    show(entries) {
      const keys = new Set(entries.map((entry) => entry.key));
      for (const key of views.keys()) if (!keys.has(key)) views.delete(key);
      const wasEmpty = log.childElementCount === 0;
      for (const entry of entries) viewOf(entry).update(entry);
      place(entries.map((entry) => viewOf(entry).root));
      if (wasEmpty) showEnd();
      drawMore();
    },

    /** The element for proposals and questions of a turn. */
    cards: (entry) => viewOf(entry).cards,

    bringToTop(entry) {
      log.scrollTop = viewOf(entry).root.offsetTop - log.firstElementChild.offsetTop;
    },
  };
}
