// Where a terminal's output stands: its bytes are numbered from 0, and each frame says the number of its first.

const OFFSET_BYTES = 8;

/** A binary frame of the socket: {offset, bytes}; null where it is too short to be one. */
export function readOutput(buffer) {
  if (buffer.byteLength < OFFSET_BYTES) return null;
  const offset = Number(new DataView(buffer).getBigUint64(0));
  return { offset, bytes: new Uint8Array(buffer, OFFSET_BYTES) };
}

/**
 * What was received, without repeats. take() gives {bytes, from, to}: what is new, and from < to where something
 * between is missing. next is null before the first hello.
 */
export function createPosition() {
  let next = null;
  return {
    get next() {
      return next;
    },
    moveTo(offset) {
      next = offset;
    },
    take({ offset, bytes }) {
      const from = next ?? offset;
      const known = Math.max(0, from - offset);
      if (known >= bytes.length) return { bytes: bytes.subarray(0, 0), from, to: from };
      next = offset + bytes.length;
      return { bytes: bytes.subarray(known), from, to: offset + known };
    },
  };
}

/** Tells how far the screen has come, by send(upto), each time another `every` bytes are shown. */
export function createAcks(send) {
  let told = 0;
  let every = 131_072;
  return {
    begin(offset, bytes) {
      told = offset;
      every = bytes || every;
    },
    shown(upto) {
      if (upto - told < every) return;
      told = upto;
      send(upto);
    },
  };
}
