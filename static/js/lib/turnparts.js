// An answer as it is read: its text with what tools did in between, in order. No DOM here.

/** {key, text, isLast} and {key, tool} in turn; a tool stands where the text was when it was called. */
export function planParts(answer, tools = []) {
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
    parts.push({ key: `tool:${tool.call}`, tool });
  }
  put(answer.length, true);
  return parts;
}
