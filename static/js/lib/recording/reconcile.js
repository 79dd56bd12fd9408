// The server's manifest is the truth: what this browser thinks of its segments is set right by it.

function isThere(chunk, known) {
  return Boolean(chunk.sha256) && known?.state === "stored" && known.sha256 === chunk.sha256;
}

/**
 * Drops what the server says is stored, keeps what it lost or never had, and opens again what it does not know.
 * Slices go as soon as their chunk is acknowledged: the server does so only for bytes it has hashed, written and put on
 * record. So what is still here is what it never acknowledged, or an answer that was lost.
 */
export async function reconcile(store, base, manifest) {
  const standings = new Map(manifest.segments.map((one) => [one.segment, one]));
  let dropped = 0;
  for (const record of await store.segments(base)) {
    const standing = standings.get(record.segment);
    const opened = Boolean(standing);
    if (record.opened !== opened) {
      await store.update(record.segment, (found) => ({ ...found, opened }));
    }
    const known = new Map((standing?.chunks ?? []).map((one) => [one.index, one]));
    for (const chunk of record.chunks) {
      if (chunk.state !== "waiting" || !isThere(chunk, known.get(chunk.index))) continue;
      await store.stored(record.segment, chunk, (found) => ({
        ...found,
        chunks: found.chunks.map((one) =>
          one.index === chunk.index ? { ...one, state: "stored" } : one,
        ),
      }));
      dropped += 1;
    }
  }
  return dropped;
}
