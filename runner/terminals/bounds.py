"""How much a terminal holds, how fast it goes, and how long it waits for somebody."""

KIB = 1024

# Output that is kept for whoever comes again, and what a driver may be behind.
RING_BYTES = 256 * KIB
WINDOW_BYTES = 512 * KIB
# One frame of output, and how long bytes are gathered for it.
FRAME_BYTES = 32 * KIB
GATHER_SECONDS = 0.008
# Where a viewer that fell behind goes on: this much before the end, after a line's end.
RESYNC_BYTES = 64 * KIB
LINE_BYTES = 4 * KIB
# Input that the programs have not read.
INPUT_BYTES = 64 * KIB

# While nobody drives, so many bytes are taken at once, and so rarely.
UNDRIVEN_BYTES = 64 * KIB
UNDRIVEN_SECONDS = 0.05

LEAST_SIZE, MOST_SIZE = 1, 500

# Of a recording: how long a block is, its bytes from the beginning and from the end of
# that time, how close together bytes count as one chunk, and what waits to be stored.
BLOCK_SECONDS = 1.0
HEAD_BYTES = 192 * KIB
TAIL_BYTES = 64 * KIB
CHUNK_MS = 16
UNSTORED_BYTES = 1024 * KIB

# Without anybody attached: quiet for so long, or whatever it does.
IDLE_SECONDS = 15 * 60.0
ALONE_SECONDS = 60 * 60.0
LOOK_EVERY_SECONDS = 30.0
# Shells of one workspace that have ended with blocks nobody has stored.
MAX_LEFT = 4


def clamp_size(rows: int, cols: int) -> tuple[int, int]:
    """The size a terminal gets when this one is wished for."""
    return (
        min(max(rows, LEAST_SIZE), MOST_SIZE),
        min(max(cols, LEAST_SIZE), MOST_SIZE),
    )
