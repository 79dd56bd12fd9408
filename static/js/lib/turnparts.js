// An answer as it is read: its text with what tools did in between, in order. No DOM here.

/** A tool whose answer is over works no more, whether or not anybody could say so. */
function asItIs(tool, isOpen) {
  return isOpen || tool.state !== "running" ? tool : { ...tool, state: "stopped" };
}

/**
 * {key, text, isLast} and {key, tool} in turn; a tool stands where the text was when it was called. isOpen: the answer is
 * still being written.
 */
export function planParts(answer, tools = [], isOpen = true) {
  const parts = [];
  let from = 0;
  const put = (to, isLast) => {
    const text = answer.slice(from, to);
    if (text.trim()) parts.push({ key: `text:${from}`, text, isLast });
    from = to;
  };
  const placed = tools.map((tool) => ({ ...tool, offset: Math.min(tool.offset, answer.length) }));
  for (const tool of placed.sort((one, other) => one.offset - other.offset)) {
    if (tool.offset > from) put(tool.offset, false);
    parts.push({ key: `tool:${tool.call}`, tool: asItIs(tool, isOpen) });
  }
  put(answer.length, true);
  return parts;
}
