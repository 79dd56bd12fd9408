// Over the lanes: the picture of the moment under the pointer, and the sound as a strip.
import { drawWave, endOf, formatClock, parseSprites } from "./playlist.js";

const WIDTH = 1000;

async function readText(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

function createIndex(parts) {
  const known = new Map();

  /** The cue of a time, or undefined; asks for the index of its part the first time. */
  return async function find(time) {
    const part = parts.find((one) => one.sprites && time >= one.start && time < endOf(one));
    if (!part) return undefined;
    if (!known.has(part.id)) known.set(part.id, readText(part.sprites).then(parseSprites));
    try {
      const cues = await known.get(part.id);
      const inside = time - part.start;
      return cues.findLast((cue) => cue.start <= inside);
    } catch {
      known.delete(part.id);
      return undefined;
    }
  };
}

export function mountPreview({ board, box, parts, length }) {
  const find = createIndex(parts);
  const picture = box.querySelector("[data-preview-picture]");
  const words = box.querySelector("[data-preview-time]");
  let asked = 0;

  function place(cue) {
    picture.hidden = !cue;
    if (!cue) return;
    picture.style.inlineSize = `${cue.width}px`;
    picture.style.blockSize = `${cue.height}px`;
    picture.style.backgroundImage = `url("${new URL(cue.url, location.href).href}")`;
    picture.style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
  }

  async function show(event) {
    asked += 1;
    const mine = asked;
    const frame = board.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - frame.left) / frame.width));
    const cue = await find(share * length);
    if (mine !== asked) return;
    words.textContent = formatClock(share * length);
    place(cue);
    box.hidden = false;
    const parent = box.offsetParent.getBoundingClientRect();
    const middle = frame.left - parent.left + share * frame.width;
    const most = parent.width - box.offsetWidth;
    box.style.left = `${Math.max(0, Math.min(most, middle - box.offsetWidth / 2))}px`;
    box.style.top = `${frame.top - parent.top - box.offsetHeight - 8}px`;
  }

  board.addEventListener("pointermove", show);
  board.addEventListener("pointerleave", () => {
    asked += 1;
    box.hidden = true;
  });
}

/** Draws what the parts say of their sound; a part without it leaves its stretch empty. */
export async function mountWave({ path, parts, length }) {
  const wanted = parts.filter((part) => part.waveform);
  const read = await Promise.allSettled(
    wanted.map(async (part) => ({ ...JSON.parse(await readText(part.waveform)), ...part })),
  );
  const found = read.filter((one) => one.status === "fulfilled").map((one) => one.value);
  const { top, height } = path.dataset;
  const size = { width: WIDTH, top: Number(top), height: Number(height) };
  path.setAttribute("d", drawWave(found, length, size));
}
