// The terminals of a room: up to three, opened when they are first looked at, kept through a refresh.
import { createEmitter } from "../events.js";
import { gettext, interpolate } from "../i18n.js";
import { createActions, createReaderMode } from "./actions.js";
import { createBar } from "./bar.js";
import { createLine, lineFor } from "./line.js";
import { createOpener } from "./opener.js";
import { followTheme } from "./palette.js";
import { followRoster } from "./roster.js";
import { createStage } from "./stage.js";
import { createSuggested, obstacleText } from "./suggested.js";
import { createTouchKeys } from "./touchkeys.js";

/**
 * root is [data-terminals]; socket the workspace's. config: {is_available, reason, names}. isMember watches and never
 * types; flush() stores what was typed into files. Events: "show" (the panel is wanted), "controls".
 * begin() is called when the panel comes into sight.
 */
export function createTerminals({
  root,
  interview,
  config,
  socket,
  nonce,
  flush,
  isMember = false,
}) {
  const emitter = createEmitter();
  const sessions = new Map();
  const part = (name) => root.querySelector(`[data-terminal-${name}]`);
  const line = createLine(part("line"));
  const reader = createReaderMode();
  let shown = null;
  let opened = null;
  let tabLeaves = false;
  let warning = "";

  const current = () => sessions.get(shown);
  const names = () => [...sessions.keys()].sort();
  const free = () => config.names.find((name) => !sessions.has(name));
  const openNew = () => openFree({ focus: true });

  const actions = createActions({
    current,
    reader,
    isMember,
    sessions: () => sessions.values(),
    tell: warn,
  });
  const bar = createBar({
    root,
    isMember,
    menu: actions.items,
    on: { show, close, open: openNew },
  });
  const stage = createStage({ root: part("screens"), empty: part("empty") });
  createTouchKeys(part("keys"), current);

  const roster = followRoster({
    socket,
    config,
    on: {
      hello(isOther) {
        if (isOther) for (const { channel } of sessions.values()) channel.introduce(roster.token);
        if (stage.isInSight()) begin();
        draw();
      },
      started: (name) => opened && open(name),
    },
  });

  const opener = createOpener({
    interview,
    isMember,
    nonce,
    stage,
    reader,
    token: () => roster.token,
    state: () => ({ tabLeaves }),
    actions: { copy: actions.copy, toggleTab },
    on: { link: line.askLink, refused: warn, bell: bar.ring },
  });

  function warn(words) {
    warning = words;
    draw();
  }

  function draw() {
    const facts = current()?.facts;
    bar.draw({ names: names(), shown, facts, tabLeaves, isFull: !free() });
    stage.draw({ shown, config, isMember, open: openNew });
    line.tell(
      lineFor({
        facts,
        warning,
        isMember,
        restart: () => current().restart(),
        close: () => warn(""),
      }),
    );
    emitter.emit("controls");
  }

  function toggleTab() {
    tabLeaves = !tabLeaves;
    draw();
  }

  async function open(name) {
    const session = await opener.make(name);
    if (!session || sessions.has(name)) return session;
    sessions.set(name, session);
    session.on("change", draw);
    show(name);
    session.open();
    return session;
  }

  async function openFree({ focus = false } = {}) {
    const name = free();
    if (!name) return null;
    const session = await open(name);
    if (focus) session?.screen.term.focus();
    return session;
  }

  function show(name) {
    shown = name;
    warning = "";
    line.answer();
    draw();
    current()?.screen.adapt();
  }

  function remove(name) {
    sessions.get(name)?.dispose();
    sessions.delete(name);
    opener.forget(name);
    roster.live.delete(name);
    stage.remove(name);
    show(names().at(-1) ?? null);
  }

  function close(name) {
    const { facts, channel } = sessions.get(name);
    if (facts.phase !== "live" || !facts.isDriver) return remove(name);
    show(name);
    const words = gettext("Close terminal %(name)s? What runs in it ends.");
    line.askClose(interpolate(words, { name }), () => {
      channel.end();
      remove(name);
    });
  }

  /** Those that run already come first; where there is none, one is begun. */
  async function openAll() {
    for (const name of roster.live) await open(name);
    if (sessions.size > 0) show(names()[0]);
    else await openFree();
  }

  async function begin() {
    if (!config.is_available || roster.token === null) return draw();
    opened ??= openAll();
    await opened;
  }

  const suggested = createSuggested({
    current,
    show,
    openFree,
    sessions: () => sessions.values(),
    prepare: async () => {
      emitter.emit("show");
      await begin();
      return flush();
    },
  });

  followTheme(() => {
    for (const { screen } of sessions.values()) screen.redraw();
  });
  draw();

  return {
    on: emitter.on,
    begin,
    focus: () => current()?.screen.term.focus(),
    get isAvailable() {
      return Boolean(config.is_available);
    },
    /** Why a command can not be put into a terminal now, or nothing. */
    obstacle: () => obstacleText(current()?.facts),
    async run(command, folder) {
      warn(await suggested(command, folder));
    },
  };
}
