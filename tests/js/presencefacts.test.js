import assert from "node:assert/strict";
import test from "node:test";
import { createEmitter } from "../../static/js/lib/events.js";
import { narrowedBy, tellFacts } from "../../static/js/lib/presencefacts.js";

function page(t, { isCoarse = false, screen = {} } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const emitter = createEmitter();
  const told = [];
  const socket = {
    ...emitter,
    request: ({ fact, details, t_ms }) => {
      told.push([fact, details, t_ms]);
      return Promise.resolve();
    },
  };
  const document = Object.assign(new EventTarget(), {
    visibilityState: "visible",
    hasFocus: () => document.focused,
    focused: true,
  });
  const scope = Object.assign(new EventTarget(), {
    document,
    screen: Object.assign(new EventTarget(), screen),
    matchMedia: () => ({ matches: isCoarse }),
    innerWidth: 1200,
    innerHeight: 700,
    outerWidth: 1220,
    outerHeight: 800,
    devicePixelRatio: 1,
  });
  const clock = { now: 10_000, interviewMs: () => clock.now };
  tellFacts({ socket, clock, scope });
  const pass = (ms) => {
    clock.now += ms;
    t.mock.timers.tick(ms);
  };
  const focus = (value) => {
    document.focused = value;
    scope.dispatchEvent(new Event(value ? "focus" : "blur"));
  };
  const write = (writer = true) => emitter.emit("hello", { writer });
  const resize = (sizes) => {
    Object.assign(scope, sizes);
    scope.dispatchEvent(new Event("resize"));
    pass(500);
  };
  return { told, scope, document, pass, focus, write, resize, hear: emitter.emit };
}

test("a window that loses the keyboard is told with its moment, and for how long", (t) => {
  const { told, focus, pass, write } = page(t);
  write();
  focus(false);
  pass(65_000);
  focus(true);
  assert.deepEqual(told, [
    ["focus.lost", { how: "blurred" }, 10_000],
    ["focus.regained", { away_ms: 65_000 }, 75_000],
  ]);
});

test("a glance elsewhere is no fact", (t) => {
  const { told, focus, pass, write } = page(t);
  write();
  focus(false);
  pass(600);
  focus(true);
  pass(5_000);
  assert.deepEqual(told, []);
});

test("another tab is told as such", (t) => {
  const { told, document, pass, write } = page(t);
  write();
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  pass(2_000);
  assert.deepEqual(told, [["focus.lost", { how: "hidden" }, 10_000]]);
});

test("a window that only reads tells nothing", (t) => {
  const { told, focus, pass, write, hear } = page(t, { screen: { isExtended: true } });
  write(false);
  focus(false);
  pass(2_000);
  focus(true);
  write();
  hear("presence.taken_over", {});
  focus(false);
  pass(2_000);
  assert.deepEqual(told, [["displays.told", { is_extended: true }, 12_000]]);
});

test("an area that shrinks in the same window is told, a smaller window is not", (t) => {
  const { told, resize, write } = page(t);
  write();
  resize({ innerWidth: 800 });
  resize({ innerWidth: 500, outerWidth: 520 });
  resize({ innerWidth: 480 });
  assert.deepEqual(told, [["viewport.narrowed", { width: 400, height: 0 }, 10_500]]);
});

test("a keyboard on the glass is not told", (t) => {
  const { told, resize, write } = page(t, { isCoarse: true });
  write();
  resize({ innerHeight: 300 });
  assert.deepEqual(told, []);
});

test("zooming is not a narrower area", () => {
  const at = (inner, zoom) => ({ inner, outer: [1220, 800], zoom });
  assert.equal(narrowedBy(at([1200, 700], 1), at([800, 466], 1.5)), null);
  assert.deepEqual(narrowedBy(at([1200, 700], 1), at([1190, 300], 1)), { width: 0, height: 400 });
});
