// One video element playing the parts of a track, addressed by the interview's clock.
import { element } from "../dom.js";
import { AddressError } from "./addresses.js";
import { endOf, findPart } from "./playlist.js";

const RETRY_MS = 10_000;

/** Which file of a part this browser plays: the H.264 copy where it says that it cannot play the part itself. */
export function chooseFile(part, video) {
  const { copy } = part;
  return copy && !video.canPlayType(part.type) && video.canPlayType(copy.type) ? copy : part;
}

function until(video, type) {
  return new Promise((done, failed) => {
    const end = (act) => (event) => {
      video.removeEventListener(type, onDone);
      video.removeEventListener("error", onError);
      act(event);
    };
    const onDone = end(done);
    const onError = end(() => failed(new Error("media")));
    video.addEventListener(type, onDone);
    video.addEventListener("error", onError);
  });
}

/** `onEnded()` when a part is over; `onError(error)` when it cannot be played even anew. */
export function createTrack({ video, track, addresses, onEnded, onError }) {
  const { parts } = track;
  const files = new Map(parts.map((part) => [part, chooseFile(part, video)]));
  let current = null;
  let asked = 0;
  let isLoading = false;
  let offset = 0;
  let triedAt = Number.NEGATIVE_INFINITY;

  function setCaptions(part) {
    const isShown = [...video.textTracks].some((one) => one.mode === "showing");
    for (const old of video.querySelectorAll("track")) old.remove();
    if (!part.captions) return;
    const node = element("track", { kind: "captions", src: part.captions, label: track.captions });
    video.append(node);
    node.track.mode = isShown ? "showing" : "disabled";
  }

  async function open(part, mine) {
    const url = await addresses.get(files.get(part));
    if (mine !== asked) return;
    current = part;
    video.defaultPlaybackRate = video.playbackRate;
    video.preload = "metadata";
    video.src = url;
    setCaptions(part);
    await until(video, "loadedmetadata");
    if (mine !== asked) return;
    video.currentTime = offset;
    isLoading = false;
  }

  /** True where there is a copy of the part that was not tried yet. */
  function fallBack(part) {
    if (!part.copy || files.get(part) === part.copy) return false;
    files.set(part, part.copy);
    return true;
  }

  /** Loads a part at a place; once more by a new address where the first one failed, and then its copy. */
  async function load(part, seconds, { isRetry = false } = {}) {
    asked += 1;
    const mine = asked;
    offset = seconds;
    isLoading = true;
    try {
      await open(part, mine);
    } catch (error) {
      if (mine !== asked) return;
      isLoading = false;
      if (error instanceof AddressError || (isRetry && !fallBack(part))) throw error;
      addresses.forget(files.get(part));
      await load(part, seconds, { isRetry: !isRetry });
    }
  }

  /** Shows a time; false where this track has no picture of it. */
  async function show(time) {
    const { index, offset: inside, isExact } = findPart(parts, time);
    const part = isExact ? parts[index] : null;
    video.classList.toggle("is-blank", !part);
    if (!part) {
      video.pause();
      return false;
    }
    if (part === current && !video.error && !addresses.isStale(files.get(part))) {
      offset = inside / 1000;
      if (!isLoading) video.currentTime = offset;
      return true;
    }
    await load(part, inside / 1000);
    return true;
  }

  function time() {
    if (!current) return null;
    return current.start + (isLoading ? offset : video.currentTime) * 1000;
  }

  /** Loads the part again from where it stands, by a new address. */
  async function renew() {
    if (!current || isLoading) return;
    const [part, seconds, plays] = [current, video.currentTime, !video.paused];
    addresses.forget(files.get(part));
    await load(part, seconds);
    if (plays) await video.play();
  }

  video.addEventListener("ended", () => onEnded());
  video.addEventListener("error", () => {
    if (isLoading || !current) return;
    if (performance.now() - triedAt < RETRY_MS) {
      onError(new Error("media"));
      return;
    }
    // Its address may have run out while the machine slept.
    triedAt = performance.now();
    renew().catch(onError);
  });

  return {
    video,
    track,
    show,
    time,
    renew,
    isStale: () => current !== null && addresses.isStale(files.get(current)),
    isReady: () => !isLoading && !video.seeking && video.readyState >= 3,
    covers: (at) => findPart(parts, at).isExact,
    holds: (at) => current !== null && parts[findPart(parts, at).index] === current,
    partEnd: () => (current ? endOf(current) : 0),
    forget: () => current && addresses.forget(files.get(current)),
  };
}
