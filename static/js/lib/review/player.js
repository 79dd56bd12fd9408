// The player of the desk: pictures on one clock, lanes with a head that follows, words for what happens.
import { readJson } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";
import { createAddresses } from "./addresses.js";
import { mountDownloads } from "./download.js";
import { mountBar } from "./playerbar.js";
import { mountKeys } from "./playerkeys.js";
import { endOf, formatClock } from "./playlist.js";
import { mountPreview, mountWave } from "./preview.js";
import { createStage } from "./stage.js";
import { createTrack } from "./track.js";

const WIDTH = 1000;

function describe(error) {
  const words = {
    forbidden: gettext("You may not watch this recording any more."),
    gone: gettext("This recording is not there any more: its time may be up. Reload the page."),
    network: gettext("The recording cannot be reached. Your place is kept."),
  };
  return (
    words[error.kind] ?? gettext("The recording cannot be played from here. Your place is kept.")
  );
}

function moveHead(head, length, time) {
  if (!head || length <= 1) return;
  const x = String(Math.min(WIDTH, Math.max(0, (time / length) * WIDTH)));
  head.setAttribute("x1", x);
  head.setAttribute("x2", x);
}

export function mountPlayer(root) {
  const find = (selector) => root.querySelector(selector);
  const board = find("[data-lane-board]");
  const head = find("[data-head]");
  const lane = Number(root.dataset.length);
  const media = readJson("review-media") ?? { tracks: [] };
  const listeners = new Set();
  const tell = (time) => {
    moveHead(head, lane, time);
    for (const listener of listeners) listener(time);
  };
  const onTime = (listener) => listeners.add(listener);
  if (media.tracks.length === 0) {
    return { seek: tell, board, length: lane, onTime, hasMedia: false };
  }

  const state = find("[data-player-state]");
  const again = find("[data-player-again]");
  const say = (text, canTryAgain = false) => {
    state.textContent = text;
    again.hidden = !canTryAgain;
  };
  const parts = media.tracks.flatMap((track) => track.parts);
  const length = Math.max(lane, ...parts.map(endOf));
  const addresses = createAddresses();
  const problem = (error) => say(describe(error), error.kind !== "forbidden");
  const tracks = media.tracks.map((track) => {
    const made = createTrack({
      video: find(`[data-video="${track.track}"]`),
      track,
      addresses,
      onEnded: () => stage.ended(made),
      onError: (error) => {
        stage.pause();
        problem(error);
      },
    });
    return made;
  });
  const stage = createStage({
    tracks,
    length,
    on: {
      time(ms) {
        tell(ms);
        bar.setTime(ms);
      },
      playing(isPlaying) {
        if (isPlaying) say("");
        bar.setPlaying(isPlaying);
      },
      skipped({ start, end }) {
        const words = { from: formatClock(start), to: formatClock(end) };
        say(interpolate(gettext("Skipped: there is no picture from %(from)s to %(to)s."), words));
      },
      blank(ms) {
        const words = { time: formatClock(ms) };
        say(interpolate(gettext("There is no picture at %(time)s."), words));
      },
      problem,
    },
  });
  const videos = tracks.map((one) => one.video);
  const bar = mountBar(find("[data-bar]"), { stage, videos, frame: find("[data-stage]") });
  bar.setTime(0);
  bar.setPlaying(false);
  for (const video of videos) video.addEventListener("click", stage.toggle);
  again.addEventListener("click", () => {
    say("");
    stage.again();
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-part]");
    if (button) stage.seek(Number(button.dataset.part)).then(stage.play);
  });
  mountKeys({ stage, bar, dialog: document.getElementById("player-keys") });
  mountDownloads(root, say);
  if (board && lane > 1) {
    mountPreview({ board, box: find("[data-preview]"), parts, length: lane });
    for (const [at, path] of root.querySelectorAll("[data-wave]").entries()) {
      mountWave({ path, parts: media.tracks[at].parts, length: lane });
    }
  }

  function seek(time) {
    say("");
    stage.seek(time);
  }
  return { seek, board, length: lane, onTime, hasMedia: true };
}
