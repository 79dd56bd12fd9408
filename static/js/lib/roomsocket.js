// The workspace's connection: which tab it is, whether it only read before, and who writes.
import { createSocket, socketUrl } from "./socket.js";
import { nameTab } from "./tabname.js";

/**
 * isReader() says whether the page only read before it was cut off: then it takes the writing from nobody. names are
 * {tab, browser} once begin() has opened it.
 */
export function createRoomSocket({ interview, isReader, named = nameTab() }) {
  const names = {};
  const socket = createSocket(() => {
    const query = new URLSearchParams(isReader() ? { ...names, as: "reader" } : names);
    return socketUrl(`/ws/interviews/${interview}/workspace/?${query}`);
  });

  async function begin() {
    Object.assign(names, await named);
    socket.open();
  }

  return { socket, begin, names };
}
