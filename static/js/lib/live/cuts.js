// Where a decoder may begin inside the bytes of a chunk, behind the segment's own header.

const CLUSTER = [0x1f, 0x43, 0xb6, 0x75];
// What a muxer may write first into a cluster: time, CRC, void, position, previous size.
const CHILDREN = new Set([0xe7, 0xbf, 0xec, 0xa7, 0xab]);
const MOOF = [0x6d, 0x6f, 0x6f, 0x66];

function isAt(bytes, at, wanted) {
  return wanted.every((byte, offset) => bytes[at + offset] === byte);
}

/** Four bytes may occur by chance inside a frame: a cluster has a sane size and a known first child. */
function isCluster(bytes, at) {
  if (!isAt(bytes, at, CLUSTER)) return false;
  const length = Math.clz32(bytes[at + 4]) - 23;
  return length >= 1 && length <= 8 && CHILDREN.has(bytes[at + 4 + length]);
}

/** The offset of the first cluster or fragment; -1 where there is none. */
export function findStart(bytes, isMp4) {
  for (let at = 0; at + 12 < bytes.length; at += 1) {
    if (isMp4 ? isAt(bytes, at + 4, MOOF) : isCluster(bytes, at)) return at;
  }
  return -1;
}
