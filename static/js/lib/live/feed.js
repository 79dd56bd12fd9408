// One track of a running interview in a Media Source: headers, chunks, holes, new recorders.
import { findStart } from "./cuts.js";
import { nextChunk } from "./plan.js";

const KEPT_S = 60;

function settled(buffer) {
  return new Promise((done, failed) => {
    buffer.addEventListener("updateend", done, { once: true });
    buffer.addEventListener("error", () => failed(new Error("media")), { once: true });
  });
}

async function fetchBytes(url, size) {
  const bytes = new Uint8Array(size);
  let from = 0;
  while (from < size) {
    const answer = await fetch(url, { headers: { Range: `bytes=${from}-` } });
    if (answer.status !== 206) throw new Error(String(answer.status));
    const part = new Uint8Array(await answer.arrayBuffer());
    bytes.set(part, from);
    from += part.length;
  }
  return bytes;
}

/** `onUnplayable(type)` where this browser cannot play what the candidate's records. */
export function createFeed({ video, base, track, onUnplayable }) {
  const source = new MediaSource();
  const opened = new Promise((done) => {
    source.addEventListener("sourceopen", done, { once: true });
  });
  video.src = URL.createObjectURL(source);
  let buffer = null;
  let last = null;
  let current = null;
  let isBusy = false;
  let isClosed = false;

  async function append(bytes) {
    buffer.appendBuffer(bytes);
    await settled(buffer);
  }

  async function enter(segment) {
    if (!buffer) {
      buffer = source.addSourceBuffer(segment.type);
    } else {
      // Whatever half a cluster was left in the parser belongs to another stream.
      buffer.abort();
      if (current.type !== segment.type) buffer.changeType(segment.type);
    }
    buffer.timestampOffset = segment.started / 1000;
    current = segment;
    const answer = await fetch(`${base}${segment.id}/header`);
    if (!answer.ok) throw new Error(String(answer.status));
    await append(await answer.arrayBuffer());
  }

  async function feed({ segment, chunk, isJoined }) {
    const bytes = await fetchBytes(`${base}${segment.id}/${chunk.index}`, chunk.size);
    if (isClosed) return;
    if (isJoined) {
      await append(bytes);
      return;
    }
    await enter(segment);
    const start = findStart(bytes, segment.type.includes("mp4"));
    if (start >= 0) await append(bytes.subarray(start));
  }

  async function trim() {
    const before = video.currentTime - KEPT_S;
    if (!buffer || before <= 0) return;
    buffer.remove(0, before);
    await settled(buffer);
  }

  /** Feeds what is stored and was not fed yet. */
  async function update(segments) {
    if (isBusy || isClosed) return;
    isBusy = true;
    try {
      await opened;
      let next = nextChunk(segments, last);
      while (next && !isClosed) {
        if (!MediaSource.isTypeSupported(next.segment.type)) {
          onUnplayable(next.segment.type);
          return;
        }
        await feed(next);
        last = { segment: next.segment.id, index: next.chunk.index };
        next = nextChunk(segments, last);
      }
      await trim();
    } finally {
      isBusy = false;
    }
  }

  return {
    track,
    update,
    close() {
      isClosed = true;
      URL.revokeObjectURL(video.src);
      video.removeAttribute("src");
      video.load();
    },
  };
}
