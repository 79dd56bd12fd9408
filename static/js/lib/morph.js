// Makes what is on screen like what should be, touching only what differs: nothing flickers, a selection stays.

function isAlike(one, other) {
  return one.nodeType === Node.TEXT_NODE
    ? other.nodeType === Node.TEXT_NODE
    : one.cloneNode(false).isEqualNode(other.cloneNode(false));
}

function morphText(present, wanted) {
  if (present.data === wanted.data) return;
  if (wanted.data.startsWith(present.data)) {
    present.appendData(wanted.data.slice(present.data.length));
  } else present.data = wanted.data;
}

/** Gives target the children of source, which is used up. */
export function morph(target, source) {
  const wanted = [...source.childNodes];
  wanted.forEach((node, at) => {
    const present = target.childNodes[at];
    if (!present) target.append(node);
    else if (!isAlike(present, node)) present.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) morphText(present, node);
    else morph(present, node);
  });
  while (target.childNodes.length > wanted.length) target.lastChild.remove();
}
