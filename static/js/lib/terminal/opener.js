// Makes the terminals of a page: the emulator fetched once, each with its place, its socket's address and its keys.
import { gettext } from "../i18n.js";
import { socketUrl } from "../socket.js";
import { loadEmulator } from "./screen.js";
import { createSession } from "./session.js";

/**
 * token() gives the token of this window, state() {tabLeaves}; actions are those of handleKeys, on those of createSession.
 * Gives make(name) -> session; null where the emulator did not come, which on.refused tells.
 */
export function createOpener({
  interview,
  isMember,
  nonce,
  token,
  stage,
  reader,
  state,
  actions,
  on,
}) {
  const made = new Map();
  let emulator = null;

  function address(name, query) {
    if (isMember) query.set("as", "member");
    else if (token()) query.set("writer", token());
    return socketUrl(`/ws/interviews/${interview}/terminal/${name}/?${query}`);
  }

  function build(name, loaded) {
    const session = createSession({
      name,
      emulator: loaded,
      address,
      host: stage.add(name),
      readerMode: reader.isOn,
      keys: {
        actions,
        state: () => ({ isReading: !session.facts.isDriver, ...state() }),
      },
      on: { ...on, bell: () => on.bell(name) },
    });
    return session;
  }

  async function load() {
    emulator ??= loadEmulator(nonce);
    try {
      return await emulator;
    } catch {
      emulator = null;
      on.refused(gettext("The terminal could not be loaded. Try again in a moment."));
      return null;
    }
  }

  return {
    /** Asked for twice at once, it is made once. */
    async make(name) {
      const loaded = await load();
      if (loaded && !made.has(name)) made.set(name, build(name, loaded));
      return made.get(name) ?? null;
    },
    forget: (name) => made.delete(name),
  };
}
