// Parts, gaps and the interview's clock; nothing here touches the page.

/** Which part shows a time of the interview; behind a gap the next one, at its beginning. */
export function findPart(parts, time) {
  const inside = parts.findIndex((part) => time >= part.start && time < endOf(part));
  if (inside >= 0) return { index: inside, offset: time - parts[inside].start, isExact: true };
  const next = parts.findIndex((part) => part.start > time);
  if (next >= 0) return { index: next, offset: 0, isExact: false };
  const last = parts.length - 1;
  return { index: last, offset: parts[last]?.duration ?? 0, isExact: false };
}

export function endOf(part) {
  return part.start + part.duration;
}

/** Where a track shows something: its parts without the gaps inside them, in order. */
export function spansOf(track) {
  let spans = track.parts.map((part) => [part.start, endOf(part)]);
  for (const gap of track.gaps) {
    spans = spans.flatMap(([start, end]) =>
      [
        [start, Math.min(end, gap.start)],
        [Math.max(start, gap.end), end],
      ].filter(([from, to]) => from < to),
    );
  }
  return spans.sort((one, other) => one[0] - other[0]);
}

/** Where at least one of the tracks shows something, joined. */
export function joinSpans(tracks) {
  const joined = [];
  const all = tracks.flatMap(spansOf).sort((one, other) => one[0] - other[0]);
  for (const [start, end] of all) {
    const last = joined.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

/** The stretch without any picture around a time: {start, end}; end is null behind the last. */
export function gapAt(spans, time) {
  let start = 0;
  for (const [from, to] of spans) {
    if (time < from) return { start, end: from };
    if (time < to) return null;
    start = to;
  }
  return { start, end: null };
}

export function formatClock(ms) {
  const total = Math.floor(Math.abs(ms) / 1000);
  const pad = (value) => String(value).padStart(2, "0");
  const [hours, minutes, seconds] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const text = hours ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
  return ms < 0 ? `−${text}` : text;
}

const CUE = /^(?:(\d+):)?(\d\d):(\d\d)\.(\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)\.(\d{3})/;

function toMs([hours, minutes, seconds, rest]) {
  return ((Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(rest);
}

/** The cues of an index of pictures: [{start, end, url, x, y, width, height}], in milliseconds. */
export function parseSprites(text) {
  const cues = [];
  const lines = text.split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    const time = CUE.exec(line);
    if (!time) continue;
    const [url, place] = (lines[at + 1] ?? "").split("#xywh=");
    const [x, y, width, height] = (place ?? "").split(",").map(Number);
    if (!url || !(width > 0) || !(height > 0)) continue;
    cues.push({
      start: toMs(time.slice(1, 5)),
      end: toMs(time.slice(5, 9)),
      url,
      x,
      y,
      width,
      height,
    });
  }
  return cues;
}

/** The path of a waveform over `width` units: peaks (0..255) each 1/rate s, from a part's start. */
export function drawWave(parts, length, { width, top, height }) {
  const bins = new Array(width).fill(-1);
  for (const { start, rate, peaks } of parts) {
    for (const [at, peak] of peaks.entries()) {
      const bin = Math.floor(((start + (at * 1000) / rate) / length) * width);
      if (bin >= 0 && bin < width) bins[bin] = Math.max(bins[bin], peak);
    }
  }
  const middle = top + height / 2;
  return bins
    .map((peak, x) => {
      if (peak < 0) return "";
      const half = Math.max(0.25, ((peak / 255) * height) / 2);
      return `M${x + 0.5} ${(middle - half).toFixed(2)}V${(middle + half).toFixed(2)}`;
    })
    .join("");
}
