// The player: several parts on one clock, and a head on the lanes that follows.
import { readJson } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";

const WIDTH = 1000;

/** Which part shows a time of the interview; behind a gap the next one, at its beginning. */
export function findPart(parts, time) {
  const ends = (part) => part.start + part.duration;
  const inside = parts.findIndex((part) => time >= part.start && time < ends(part));
  if (inside >= 0) return { index: inside, offset: time - parts[inside].start, isExact: true };
  const next = parts.findIndex((part) => part.start > time);
  if (next >= 0) return { index: next, offset: 0, isExact: false };
  const last = parts.length - 1;
  return { index: last, offset: parts[last]?.duration ?? 0, isExact: false };
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

export function mountPlayer(root) {
  const video = root.querySelector("[data-video]");
  const state = root.querySelector("[data-player-state]");
  const head = root.querySelector("[data-head]");
  const parts = readJson("review-parts") ?? [];
  const length = Number(root.dataset.length);
  let current = 0;

  function moveHead(time) {
    if (!head || length <= 1) return;
    const x = String(Math.min(WIDTH, Math.max(0, (time / length) * WIDTH)));
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
  }

  function place(seconds) {
    const set = () => {
      video.currentTime = seconds;
    };
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) set();
    else video.addEventListener("loadedmetadata", set, { once: true });
  }

  function openPart(index, offset, { play }) {
    if (index !== current) {
      current = index;
      video.src = parts[index].url;
      if (parts[index].poster) video.poster = parts[index].poster;
    }
    place(offset / 1000);
    if (play) video.play().catch(() => {});
  }

  function seek(time) {
    moveHead(time);
    if (!video || parts.length === 0) return;
    const found = findPart(parts, time);
    openPart(found.index, found.offset, { play: !video.paused });
    state.textContent = found.isExact
      ? ""
      : interpolate(gettext("There is no picture at %(time)s."), { time: formatClock(time) });
  }

  if (video) {
    video.addEventListener("timeupdate", () => {
      moveHead(parts[current].start + video.currentTime * 1000);
    });
    video.addEventListener("ended", () => {
      if (current + 1 < parts.length) openPart(current + 1, 0, { play: true });
    });
    video.addEventListener("error", () => {
      state.textContent = gettext(
        "The recording cannot be played here. Reload the page to try again.",
      );
    });
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-part]");
      if (button) openPart(Number(button.dataset.part), 0, { play: true });
    });
  }
  return { seek, board: root.querySelector("[data-lane-board]"), length };
}
