// Which shells run, and by which token this window is known: what the workspace's socket tells of terminals.

/**
 * config is corrected as the server says so. on: hello(isOther) with isOther where the token is another one than before,
 * started(name).
 */
export function followRoster({ socket, config, on }) {
  const live = new Set();
  let token = null;

  socket.on("hello", (frame) => {
    config.is_available = frame.running?.available ?? config.is_available;
    config.reason = frame.running?.message ?? config.reason;
    for (const name of frame.terminals ?? []) live.add(name);
    const isOther = token !== null && frame.token !== token;
    token = frame.token ?? "";
    on.hello(isOther);
  });
  socket.on("terminal.started", ({ name }) => {
    live.add(name);
    on.started(name);
  });
  socket.on("terminal.ended", ({ name }) => live.delete(name));

  return {
    live,
    /** null before the workspace has said hello. */
    get token() {
      return token;
    },
  };
}
