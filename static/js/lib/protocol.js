// The names both ends of the sockets agree on; docs/protocol.md in one module.

export const PROTOCOL = 1;

export const CLOSE = {
  BAD_FRAME: 4400,
  SIGNED_OUT: 4401,
  FORBIDDEN: 4403,
  TAKEN_OVER: 4409,
  ENDED: 4410,
};

export const ERROR = {
  VERSION_CONFLICT: "version_conflict",
  NOT_FOUND: "not_found",
  READ_ONLY: "read_only",
  FILE_TOO_LARGE: "file_too_large",
  MESSAGE_TOO_LONG: "message_too_long",
  DISCONNECTED: "disconnected",
  TIMEOUT: "timeout",
};

export const PING_AFTER_MS = 20_000;
export const PONG_WITHIN_MS = 10_000;

export const LIMITS = {
  FILE_BYTES: 1_000_000,
  KEPT_FILE_BYTES: 8 * 1024 * 1024,
  UPDATE_CHARS: 80_000,
  PIECE_CHARS: 40_000,
  OUTPUT_CHARS: 262_144,
};

/** A close the server meant: the page must not come back by itself. */
export function isFinalClose(code) {
  return code >= 4400 && code <= 4499;
}
