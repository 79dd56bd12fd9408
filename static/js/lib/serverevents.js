// Server-sent events from the body of a fetch: EventSource can neither tell a status nor send a token.

/** Calls onEvent({name, data}) for each event and onAlive() for every piece that comes; settles at the end of the stream. */
export async function readEvents(body, { onEvent, onAlive = () => {} }) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onAlive();
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) onEvent(event);
    }
  }
}

/** One block of lines; null for a comment that only keeps the connection alive. */
export function parseEvent(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, field, value] = line.match(/^([a-z]*): ?(.*)$/) ?? [];
    if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
  return data.length > 0 ? { name, data: data.join("\n") } : null;
}
