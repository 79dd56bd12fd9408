// What an earlier page left unsent: sends it, and tells truly how that ended.

/**
 * Resolves with null where nothing was left, else with {refusal}: the server's last final no, or null when all of it
 * is stored. onCounts is called first with what there is to do, then as it goes on.
 */
export async function sendRest(queue, onCounts) {
  let refusal = null;
  try {
    await queue.forgive();
    const before = await queue.counts();
    if (!before.waiting) return null;
    queue.on("refused", (found) => {
      refusal = found;
    });
    queue.on("counts", onCounts);
    onCounts(before);
    queue.start();
    await queue.drain();
  } finally {
    queue.stop();
  }
  return { refusal };
}
