// Facts of this window, told where the assessment has them noted: not in front, an area that got smaller, a second display.
// What they mean is nobody's business here; nothing is read of what the person does elsewhere.

// Shorter than that is a glance at a notification, or a dialog of the browser itself.
export const AWAY_AFTER_MS = 1_000;
const SETTLED_MS = 400;
// Developer tools and sidebars take at least so much.
export const LEAST_PIXELS = 160;

/** By how much the area got smaller while the window stayed as it was, or null. Each is {inner: [w, h], outer: [w, h], zoom}. */
export function narrowedBy(before, after) {
  const isSame =
    before.zoom === after.zoom && before.outer.every((one, i) => one === after.outer[i]);
  const [width, height] = before.inner.map((one, i) => Math.max(0, one - after.inner[i]));
  if (!isSame || (width < LEAST_PIXELS && height < LEAST_PIXELS)) return null;
  return { width: width < LEAST_PIXELS ? 0 : width, height: height < LEAST_PIXELS ? 0 : height };
}

/** clock.interviewMs() dates the facts. They are told only while this window writes. */
export function tellFacts({ socket, clock, scope = globalThis }) {
  const { document } = scope;
  let isWriter = false;
  let awaySince = null;
  let isToldAway = false;
  let leaving = null;
  let settling = null;
  let size = measure();
  let isExtended = false;

  /** A lost connection keeps it until it is back; what the server does not take is dropped. */
  function tell(fact, details, t_ms = clock.interviewMs()) {
    if (!isWriter || !(t_ms >= 0)) return;
    const frame = { type: "presence.fact", fact, details, t_ms: Math.round(t_ms) };
    socket.request(frame).catch(() => {});
  }

  function isAway() {
    return document.visibilityState === "hidden" || !document.hasFocus();
  }

  function tellAway() {
    if (awaySince === null || isToldAway) return;
    isToldAway = true;
    const how = document.visibilityState === "hidden" ? "hidden" : "blurred";
    tell("focus.lost", { how }, awaySince);
  }

  function tellBack() {
    clearTimeout(leaving);
    const away_ms = Math.round(clock.interviewMs() - awaySince);
    if (isToldAway || away_ms >= AWAY_AFTER_MS) {
      tellAway();
      tell("focus.regained", { away_ms: Math.max(0, away_ms) });
    }
    awaySince = null;
    isToldAway = false;
  }

  function look() {
    if (isAway() === (awaySince !== null) || clock.interviewMs() === null) return;
    if (awaySince !== null) {
      tellBack();
      lookAtDisplays();
      return;
    }
    awaySince = clock.interviewMs();
    leaving = setTimeout(tellAway, AWAY_AFTER_MS);
  }

  function measure() {
    return {
      inner: [scope.innerWidth, scope.innerHeight],
      outer: [scope.outerWidth, scope.outerHeight],
      zoom: scope.devicePixelRatio,
    };
  }

  function lookAtSize() {
    const before = size;
    size = measure();
    const by = narrowedBy(before, size);
    if (by) tell("viewport.narrowed", by);
  }

  /** Told once it is so, and when it changes: most browsers do not say. */
  function lookAtDisplays() {
    const found = scope.screen?.isExtended ?? false;
    if (found === isExtended || !isWriter) return;
    isExtended = found;
    tell("displays.told", { is_extended: found });
  }

  scope.addEventListener("blur", look);
  scope.addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  scope.screen?.addEventListener?.("change", lookAtDisplays);
  // A keyboard on the glass makes the area smaller, too.
  if (!scope.matchMedia("(pointer: coarse)").matches) {
    scope.addEventListener("resize", () => {
      clearTimeout(settling);
      settling = setTimeout(lookAtSize, SETTLED_MS);
    });
  }
  socket.on("hello", ({ writer }) => {
    isWriter = writer !== false;
    lookAtDisplays();
  });
  socket.on("presence.taken_over", () => {
    isWriter = false;
  });
}
