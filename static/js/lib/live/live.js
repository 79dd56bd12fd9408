// The candidate's camera on the watch page: asked for, a known while behind, honest about holes.
import { setText } from "../dom.js";
import { gettext, interpolate } from "../i18n.js";
import { formatClock } from "../review/playlist.js";
import { createFeed } from "./feed.js";
import { secondsBehind } from "./plan.js";

const ASK_MS = 3000;
// So close before a hole the last picture stands already.
const EDGE_S = 0.3;
const SHOWN_HOLES = 4;

export function mountLive(root) {
  if (!root) return;
  const find = (name) => root.querySelector(`[data-live-${name}]`);
  const [video, state, holes] = [find("video"), find("state"), find("holes")];
  const [show, pick, sound] = [find("show"), find("track"), find("sound")];
  let feed = null;
  let timer = 0;
  let clock = null;
  let said = "";

  function describeBehind() {
    if (said) return said;
    if (!clock || video.readyState < 2) return gettext("Waiting for the first seconds…");
    const at = video.currentTime * 1000;
    const seconds = secondsBehind({ now: clock, at, current: performance.now() });
    return interpolate(gettext("%(seconds)s s behind"), { seconds });
  }

  /** Goes on behind a hole, and to the newest after a long pause. */
  function keepUp() {
    const ranges = video.buffered;
    if (ranges.length === 0) return;
    const at = video.currentTime;
    for (let one = 0; one < ranges.length; one += 1) {
      if (at < ranges.start(one)) {
        video.currentTime = ranges.start(one) + 0.01;
        break;
      }
      if (at < ranges.end(one) - EDGE_S) break;
    }
    if (video.paused) video.play().catch(() => {});
  }

  function drawTracks(tracks) {
    pick.hidden = tracks.length < 2;
    const names = tracks.map((one) => one.track).join();
    if (pick.dataset.names === names) return;
    pick.dataset.names = names;
    const chosen = pick.value;
    pick.replaceChildren(...tracks.map((one) => new Option(one.label, one.track)));
    if (tracks.some((one) => one.track === chosen)) pick.value = chosen;
  }

  function drawHoles(list) {
    holes.hidden = list.length === 0;
    const spans = list
      .slice(-SHOWN_HOLES)
      .map(
        ({ start, end }) => `${formatClock(start)}–${formatClock(Math.ceil(end / 1000) * 1000)}`,
      );
    const words = { spans: spans.join(", ") };
    setText(holes, interpolate(gettext("Missing on the server so far: %(spans)s"), words));
  }

  function follow(track) {
    if (feed?.track !== track.track) {
      feed?.close();
      feed = createFeed({
        video,
        base: root.dataset.live,
        track: track.track,
        onUnplayable() {
          said = gettext("This browser cannot play what the candidate's browser records.");
        },
      });
    }
    const hasPicture = track.segments.at(-1).type.startsWith("video");
    root.dataset.picture = String(hasPicture);
    said = hasPicture ? "" : gettext("Sound only: the candidate's camera gives no picture.");
    return feed.update(track.segments);
  }

  async function ask() {
    try {
      const answer = await fetch(root.dataset.live);
      if (answer.status === 404) {
        stop(gettext("The interview is over, or you may not watch it any more."));
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const { now, tracks, holes: list } = await answer.json();
      clock = { ms: now, at: performance.now() };
      drawTracks(tracks);
      drawHoles(list);
      const track = tracks.find((one) => one.track === pick.value) ?? tracks[0];
      if (track) await follow(track);
      else said = gettext("Nothing is stored yet: the candidate's recording has not begun.");
      keepUp();
    } catch {
      // The next try begins anew: a chunk may be gone, or the network be away.
      said = gettext("The picture stopped; trying again.");
      feed?.close();
      feed = null;
    }
    if (timer) timer = setTimeout(ask, ASK_MS);
  }

  function stop(text) {
    clearTimeout(timer);
    timer = 0;
    feed?.close();
    feed = null;
    root.dataset.shown = "false";
    setText(show, gettext("Show the camera"));
    setText(state, text);
  }

  function start() {
    said = "";
    root.dataset.shown = "true";
    setText(show, gettext("Hide the camera"));
    timer = setTimeout(ask, 0);
  }

  show.addEventListener("click", () => (timer ? stop("") : start()));
  pick.addEventListener("change", () => {
    feed?.close();
    feed = null;
  });
  sound.addEventListener("click", () => {
    video.muted = !video.muted;
    sound.setAttribute("aria-pressed", String(!video.muted));
  });
  video.addEventListener("waiting", keepUp);
  setInterval(() => {
    if (!timer) return;
    keepUp();
    setText(state, describeBehind());
  }, 1000);
}
