"""How large a workspace may be, and how much of it is looked at."""

from runner.limits import MIB

DISK_BYTES = 64 * MIB
DISK_INODES = 4_000

MAX_OPEN = 256
MAX_BASES = 4_000
IDLE_SECONDS = 30 * 60.0

# Of a scan: entries looked at, characters of all paths, bytes hashed that were not
# known from before. How deep it goes is bounded by what a path may be.
MAX_ENTRIES = 4_000
MAX_PATH_CHARS = 1_000_000
HASH_BYTES = 96 * MIB

# A document, a kept file, one reply. Larger ones are only named.
TEXT_BYTES = 1_000_000
FILE_BYTES = 8 * MIB
READ_BYTES = 16 * MIB

# Nobody writes these by hand, and they are larger than everything else.
PASSED_OVER = frozenset(
    {
        ".git",
        "node_modules",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".venv",
        "venv",
    }
)
