// The room's connection to the assistant, and the line that says when it is the slower one.
import { createChatChannel } from "./chatchannel.js";
import { showSlowWay } from "./slowway.js";
import { socketUrl } from "./socket.js";

export function createRoomChannel({ interview, root, csrf }) {
  const channel = createChatChannel({
    url: socketUrl(`/ws/interviews/${interview}/assistant/`),
    base: `/api/v1/interviews/${interview}/chat`,
    csrf,
  });
  showSlowWay(root, channel);
  return channel;
}
