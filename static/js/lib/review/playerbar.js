// The controls under the pictures: play, place, speed, sound, captions, full screen.
import { setText } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";
import { formatClock } from "./playlist.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 3];

/** The next speed up (+1) or down (-1) from one of the list. */
export function nextSpeed(rate, by) {
  const at = SPEEDS.findIndex((speed) => speed >= rate);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))];
}

export function mountBar(root, { stage, videos, frame }) {
  const find = (name) => root.querySelector(`[data-do="${name}"]`);
  const slider = root.querySelector("[data-slider]");
  const speed = root.querySelector("[data-speed]");
  const at = root.querySelector("[data-at]");

  for (const value of SPEEDS) {
    speed.add(new Option(`${value}×`, String(value), value === 1, value === 1));
  }
  slider.max = String(stage.length);
  setText(root.querySelector("[data-length-words]"), formatClock(stage.length));

  function setSpeed(value) {
    stage.setRate(value);
    speed.value = String(value);
  }

  function press(button, isPressed) {
    button?.setAttribute("aria-pressed", String(isPressed));
  }

  function mute() {
    const [sounding] = videos;
    sounding.muted = !sounding.muted;
    press(find("mute"), sounding.muted);
  }

  function captions() {
    const button = find("captions");
    if (!button) return;
    const isShown = button.getAttribute("aria-pressed") !== "true";
    press(button, isShown);
    for (const video of videos) {
      for (const one of video.textTracks) one.mode = isShown ? "showing" : "disabled";
    }
  }

  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else frame.requestFullscreen?.().catch(() => {});
  }

  const acts = { play: stage.toggle, mute, captions, full: fullScreen };
  for (const [name, act] of Object.entries(acts)) find(name)?.addEventListener("click", act);
  slider.addEventListener("input", () => stage.seek(Number(slider.value)));
  speed.addEventListener("change", () => setSpeed(Number(speed.value)));
  // Only one sound: the second track would repeat it a frame later.
  for (const video of videos.slice(1)) video.muted = true;
  root.hidden = false;

  return {
    mute,
    captions,
    fullScreen,
    faster: (by) => setSpeed(nextSpeed(stage.rate(), by)),
    setTime(ms) {
      setText(at, formatClock(ms));
      slider.value = String(Math.round(ms));
      const words = { time: formatClock(ms), all: formatClock(stage.length) };
      slider.setAttribute("aria-valuetext", interpolate(gettext("%(time)s of %(all)s"), words));
    },
    setPlaying(isPlaying) {
      const words = isPlaying ? gettext("Pause (space)") : gettext("Play (space)");
      const button = find("play");
      button.dataset.playing = String(isPlaying);
      button.setAttribute("aria-label", words);
      button.title = words;
    },
  };
}
