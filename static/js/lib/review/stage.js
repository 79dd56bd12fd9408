// Camera and screen side by side on the interview's clock: one leads, the others follow it.
import { gapAt, joinSpans } from "./playlist.js";

const CHECK_MS = 200;
const FRAME_S = 1 / 30;
// Within this the pictures count as the same moment; farther apart than the second, a seek.
const CLOSE_MS = 50;
const FAR_MS = 600;

/** The rate that brings a follower back within about a second. */
export function correctRate(rate, drift) {
  if (Math.abs(drift) <= CLOSE_MS) return rate;
  return rate * (1 - Math.max(-0.15, Math.min(0.15, drift / 1000)));
}

/** `on.time(ms)`, `on.playing(bool)`, `on.skipped({start, end})`, `on.problem(error)`, `on.blank(ms)`. */
export function createStage({ tracks, length, on }) {
  const spans = joinSpans(tracks.map((one) => one.track));
  let at = 0;
  let rate = 1;
  let isPlaying = false;
  let leader = null;
  let timer = 0;
  let seeks = 0;
  let isOpen = false;

  function setPlaying(value) {
    if (isPlaying === value) return;
    isPlaying = value;
    clearInterval(timer);
    if (value) {
      timer = setInterval(check, CHECK_MS);
      requestAnimationFrame(draw);
    }
    on.playing(value);
  }

  function fail(error) {
    pause();
    on.problem(error);
  }

  async function start(one) {
    one.video.playbackRate = rate;
    try {
      await one.video.play();
    } catch (error) {
      // A newer seek or pause took its place; anything else is told by the element's error.
      if (error.name === "NotAllowedError") fail(error);
    }
  }

  /** Puts every track to a time of the clock; playing goes on if it was. */
  async function seek(time) {
    seeks += 1;
    const mine = seeks;
    at = Math.max(0, Math.min(length, time));
    isOpen = true;
    on.time(at);
    leader = tracks.find((one) => one.covers(at)) ?? null;
    try {
      await Promise.all(tracks.map((one) => one.show(at)));
    } catch (error) {
      if (mine === seeks) fail(error);
      return;
    }
    if (mine !== seeks) return;
    if (!leader) on.blank(at);
    if (isPlaying) await resume();
  }

  async function resume() {
    const gap = gapAt(spans, at);
    if (gap) {
      await skip(gap);
      return;
    }
    await Promise.all(tracks.filter((one) => one.covers(at)).map(start));
  }

  async function skip(gap) {
    if (gap.end === null) {
      pause();
      on.time(at);
      return;
    }
    on.skipped(gap);
    await seek(gap.end);
  }

  async function play() {
    if (spans.length && at >= spans.at(-1)[1] - 50) at = 0;
    setPlaying(true);
    const isFresh = isOpen && leader && !tracks.some((one) => one.isStale());
    if (isFresh) await resume();
    else await seek(at);
  }

  function pause() {
    setPlaying(false);
    for (const one of tracks) one.video.pause();
  }

  function draw() {
    if (!isPlaying) return;
    if (leader?.isReady()) {
      at = leader.time();
      on.time(at);
    }
    requestAnimationFrame(draw);
  }

  function follow(one) {
    if (!one.covers(at)) {
      one.video.classList.add("is-blank");
      one.video.pause();
    } else if (!one.holds(at)) {
      one.show(at).then(() => isPlaying && start(one), fail);
    } else if (!leader.isReady()) {
      one.video.pause();
    } else if (one.isReady()) {
      const drift = one.time() - leader.time();
      if (Math.abs(drift) > FAR_MS) one.show(leader.time());
      else one.video.playbackRate = correctRate(rate, drift);
      if (one.video.paused) start(one);
    }
  }

  function check() {
    if (!leader?.isReady()) return;
    at = leader.time();
    const gap = gapAt(spans, at);
    if (gap) {
      skip(gap);
      return;
    }
    for (const one of tracks) {
      if (one.isStale()) one.renew().catch(fail);
      else if (one !== leader) follow(one);
    }
  }

  /** A file is over: on to what the clock has next, be it another track's. */
  function ended(one) {
    if (one === leader && isPlaying) seek(Math.max(at, one.partEnd()));
  }

  return {
    seek,
    play,
    pause,
    ended,
    toggle: () => (isPlaying ? pause() : play()),
    jump: (ms) => seek(at + ms),
    step(frames) {
      pause();
      return seek(at + frames * FRAME_S * 1000 + 1);
    },
    setRate(value) {
      rate = value;
      for (const one of tracks) one.video.playbackRate = value;
    },
    again() {
      for (const one of tracks) one.forget();
      return play();
    },
    time: () => at,
    rate: () => rate,
    isPlaying: () => isPlaying,
    length,
  };
}
