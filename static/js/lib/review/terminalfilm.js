// What a terminal showed, as a film: items in order of time, and what of them has to be drawn to be at a moment.

/** The bytes of base64. */
export function readBytes(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** A film that grows by add(items); each item has its time `t` and its `kind`. */
export function createFilm() {
  const items = [];

  /** How many items are over at a time. */
  function countUntil(time) {
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].t <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The place of the last shell's start before a place, where the screen was empty. */
  function startOf(place) {
    let at = place - 1;
    while (at >= 0 && items[at].kind !== "start") at -= 1;
    return Math.max(0, at);
  }

  return {
    /** Times never go back: what was stored late is drawn where it stands. */
    add(more) {
      for (const item of more) {
        const last = items.at(-1)?.t ?? item.t;
        items.push({ ...item, t: Math.max(item.t, last) });
      }
    },
    get length() {
      return items.length;
    },
    /** What to draw at a time, where `drawn` items are: {from, to, items}; with from < drawn, on an empty screen. */
    plan(drawn, time) {
      const to = countUntil(time);
      const start = startOf(to);
      const from = to < drawn || start > drawn ? start : drawn;
      return { from, to, items: items.slice(from, to), isAnew: from !== drawn };
    },
  };
}

/** Joins neighbouring output: [{kind: "out", data: Uint8Array} | other items]. */
export function joinOutput(items, most = 1 << 20) {
  const joined = [];
  let parts = [];
  let size = 0;
  function flush() {
    if (size === 0) return;
    const data = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    joined.push({ kind: "out", data });
    parts = [];
    size = 0;
  }
  for (const item of items) {
    if (item.kind !== "out") {
      flush();
      joined.push(item);
      continue;
    }
    const part = readBytes(item.data);
    parts.push(part);
    size += part.length;
    if (size >= most) flush();
  }
  flush();
  return joined;
}
