// The room's panels: sizes by pointer or arrow keys, folding, one at a time on small screens; all remembered.

const KEY = "interviewlm:room:panels";
const STEP = 24;
const PANELS = {
  problem: { size: 280, least: 200, most: 640, axis: "x", sign: 1 },
  assistant: { size: 360, least: 260, most: 720, axis: "x", sign: -1 },
  results: { size: 240, least: 120, most: 640, axis: "y", sign: -1 },
};

export function clamp(value, { least, most }) {
  return Math.round(Math.min(most, Math.max(least, value)));
}

/** What was remembered, made safe: unknown names dropped, sizes within bounds. */
export function readLayout(text) {
  let saved = {};
  try {
    saved = JSON.parse(text) ?? {};
  } catch {
    saved = {};
  }
  const layout = {};
  for (const [name, panel] of Object.entries(PANELS)) {
    const { size, folded } = saved[name] ?? {};
    layout[name] = {
      size: Number.isFinite(size) ? clamp(size, panel) : panel.size,
      folded: folded === true,
    };
  }
  return layout;
}

export function createPanels(root, { storage = globalThis.localStorage } = {}) {
  let saved = null;
  try {
    saved = storage.getItem(KEY);
  } catch {
    saved = null;
  }
  const layout = readLayout(saved);
  const mirrored = () => getComputedStyle(root).direction === "rtl";

  function keep() {
    try {
      storage.setItem(KEY, JSON.stringify(layout));
    } catch {
      // Not remembered next time; nothing else is lost.
    }
  }

  function draw(name) {
    const { size, folded } = layout[name];
    root.style.setProperty(`--${name}-size`, `${size}px`);
    root.toggleAttribute(`data-folded-${name}`, folded);
    const splitter = root.querySelector(`[data-splitter="${name}"]`);
    splitter.setAttribute("aria-valuenow", String(size));
    splitter.setAttribute("aria-valuemin", String(PANELS[name].least));
    splitter.setAttribute("aria-valuemax", String(PANELS[name].most));
    splitter.hidden = folded;
    const fold = root.querySelector(`[data-collapse="${name}"]`);
    if (fold.hasAttribute("aria-expanded")) fold.setAttribute("aria-expanded", String(!folded));
  }

  function resize(name, size) {
    layout[name].size = clamp(size, PANELS[name]);
    draw(name);
  }

  function toggle(name, folded = !layout[name].folded) {
    layout[name].folded = folded;
    draw(name);
    keep();
    const selector = folded ? `[data-expand="${name}"]` : `[data-collapse="${name}"]`;
    const hadFocus = root.querySelector(`[data-panel="${name}"]`).contains(document.activeElement);
    if (hadFocus) root.querySelector(selector)?.focus();
  }

  function signOf(name) {
    const { axis, sign } = PANELS[name];
    return axis === "x" && mirrored() ? -sign : sign;
  }

  function drag(name, splitter, event) {
    const { axis } = PANELS[name];
    const from = axis === "x" ? event.clientX : event.clientY;
    const { size } = layout[name];
    const move = (next) => {
      const at = axis === "x" ? next.clientX : next.clientY;
      resize(name, size + (at - from) * signOf(name));
    };
    const done = () => {
      splitter.removeEventListener("pointermove", move);
      keep();
    };
    splitter.setPointerCapture(event.pointerId);
    splitter.addEventListener("pointermove", move);
    splitter.addEventListener("pointerup", done, { once: true });
    splitter.addEventListener("pointercancel", done, { once: true });
    event.preventDefault();
  }

  function onKey(name, event) {
    const { axis } = PANELS[name];
    const keys = axis === "x" ? { ArrowLeft: -1, ArrowRight: 1 } : { ArrowUp: -1, ArrowDown: 1 };
    if (event.key === "Enter") toggle(name);
    else if (keys[event.key])
      resize(name, layout[name].size + keys[event.key] * STEP * signOf(name));
    else return;
    event.preventDefault();
    keep();
  }

  for (const name of Object.keys(PANELS)) {
    const splitter = root.querySelector(`[data-splitter="${name}"]`);
    splitter.addEventListener("pointerdown", (event) => drag(name, splitter, event));
    splitter.addEventListener("keydown", (event) => onKey(name, event));
    splitter.addEventListener("dblclick", () => {
      resize(name, PANELS[name].size);
      keep();
    });
    root.querySelector(`[data-collapse="${name}"]`).addEventListener("click", () => toggle(name));
    root.querySelector(`[data-expand="${name}"]`)?.addEventListener("click", () => toggle(name));
    draw(name);
  }

  const views = [...root.querySelectorAll("[data-show]")];

  /** Small screens show one part; on large ones this only unfolds it. */
  function show(view) {
    root.dataset.view = view;
    for (const button of views) {
      if (button.dataset.show === view) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  for (const button of views) button.addEventListener("click", () => show(button.dataset.show));

  return {
    toggle,
    show,
    reveal(name) {
      if (layout[name]?.folded) toggle(name, false);
      show(name);
    },
  };
}
