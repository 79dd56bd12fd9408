"""The limits of runs and terminals: defaults, hard caps, how a request is clamped."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from runner.protocol import LimitRequest

MIB = 1024 * 1024

DEFAULT_WALL_SECONDS = 30.0
MAX_WALL_SECONDS = 60.0
DEFAULT_MEMORY = 256 * MIB
JAVA_MEMORY = 512 * MIB
MIN_MEMORY = 16 * MIB
MAX_MEMORY = 512 * MIB
MAX_PROCESSES = 64
MAX_WORKSPACE = 32 * MIB
MIN_WORKSPACE = 1 * MIB
MAX_OUTPUT_KEPT = 256 * 1024
MAX_OUTPUT_KILL = 1 * MIB

TMP_BYTES = 64 * MIB
SHM_BYTES = 16 * MIB
FILE_BYTES = 32 * MIB
OPEN_FILES = 256
DATA_BYTES = 1024 * MIB
STACK_SOFT_BYTES = 8 * MIB
STACK_HARD_BYTES = 64 * MIB
COLLECT_FILE_BYTES = 512 * 1024

# Of a terminal. Memory and processor are for all terminals of a workspace together.
TERMINAL_MEMORY = 512 * MIB
TERMINAL_PROCESSES = 128
TERMINAL_FILE_BYTES = 64 * MIB
TERMINAL_OPEN_FILES = 512
TERMINAL_SIGNALS = 512
TERMINAL_CPU_SECONDS = (600, 660)
MAX_TERMINALS = 3

_JAVA_PROGRAMS = frozenset({"java", "javac", "jshell"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run is held to; every value is within the hard caps."""

    wall_seconds: float = DEFAULT_WALL_SECONDS
    memory_bytes: int = DEFAULT_MEMORY
    processes: int = MAX_PROCESSES
    workspace_bytes: int = MAX_WORKSPACE
    output_bytes_kept: int = MAX_OUTPUT_KEPT
    output_bytes_kill: int = MAX_OUTPUT_KILL


def settle_limits(request: LimitRequest, argv: tuple[str, ...]) -> Limits:
    """The limits that hold: what was asked for or the default, clamped to the caps."""
    is_java = PurePosixPath(argv[0]).name in _JAVA_PROGRAMS
    memory = request.memory_bytes or (JAVA_MEMORY if is_java else DEFAULT_MEMORY)
    wall = request.wall_seconds or DEFAULT_WALL_SECONDS
    kept = request.output_bytes_kept
    return Limits(
        wall_seconds=min(max(wall, 0.1), MAX_WALL_SECONDS),
        memory_bytes=_clamp(memory, MIN_MEMORY, MAX_MEMORY),
        processes=_clamp(request.processes or MAX_PROCESSES, 4, MAX_PROCESSES),
        workspace_bytes=_clamp(
            request.workspace_bytes or MAX_WORKSPACE, MIN_WORKSPACE, MAX_WORKSPACE
        ),
        output_bytes_kept=MAX_OUTPUT_KEPT
        if kept is None
        else min(kept, MAX_OUTPUT_KEPT),
        output_bytes_kill=min(
            request.output_bytes_kill or MAX_OUTPUT_KILL, MAX_OUTPUT_KILL
        ),
    )


def _clamp(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)
