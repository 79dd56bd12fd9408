"""One open workspace: its files, what is agreed about them, and who runs in it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from runner.errors import RunnerError, WorkspaceClosedError, WorkspaceFullError
from runner.protocol import FileChange, FileContent
from runner.sandbox import Home
from runner.workspaces.bounds import DISK_BYTES, DISK_INODES, MAX_BASES
from runner.workspaces.disks import Disk, measure_usage
from runner.workspaces.files import hash_bytes, read_files
from runner.workspaces.replaced import Replaced
from runner.workspaces.scanning import Scan, Scanner
from runner.workspaces.writing import DiskFullError, Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Usage:
    """What is on a disk that nothing limits."""

    size: int
    entries: int

    @property
    def is_over(self) -> bool:
        return self.size > DISK_BYTES or self.entries > DISK_INODES


class Workspace:
    """Requests about the files take turns; each works in a thread, to its end."""

    def __init__(self, disk: Disk, pool: Executor, *, owner: int | None) -> None:
        """`owner` is the account new files are given to; None leaves them ours."""
        self.disk = disk
        self.roots: tuple[str, ...] = ()
        self.used_at = _now()
        self._pool = pool
        self._owner = owner
        self._bases: dict[str, str] = {}
        self._replaced = Replaced()
        self._scanner = Scanner(self._quiet)
        self._lock = asyncio.Lock()
        self._is_closed = False
        self._visits: set[asyncio.Event] = set()
        self._vacated = asyncio.Event()
        self._begun = 0
        self._running = 0

    @property
    def home(self) -> Home:
        """What a sandbox gets."""
        return Home(self.disk.home, self.disk.uid)

    @property
    def is_idle(self) -> bool:
        """Nobody runs, waits or works here now."""
        return not self._visits and not self._lock.locked()

    async def set_roots(self, roots: Sequence[str]) -> None:
        """The folders that are scanned; they are made where they are missing."""
        self.roots = tuple(roots)
        await self._work(self._make_roots)

    async def scan(self) -> Scan:
        """List everything, as `WorkspaceEntries` describes it."""
        return await self._work(self._scan)

    async def read(
        self, paths: Sequence[str]
    ) -> tuple[tuple[FileContent, ...], tuple[str, ...]]:
        """Files that fit into one reply, and the paths left out."""
        return await self._work(lambda home, _staging: read_files(home, paths))

    async def write(self, changes: Sequence[FileChange]) -> tuple[str, ...]:
        """Compare and swap; the paths that conflict. WorkspaceFullError when some did
        not fit, after all others were tried."""
        return await self._work(
            lambda home, staging: self._write(home, staging, changes)
        )

    async def agree(self, bases: Mapping[str, str]) -> None:
        """Note bases without writing; "" forgets."""
        await self._work(lambda _home, _staging: self._agree(bases))

    async def measure(self) -> Usage:
        """How much there is, for a disk of level "soft"."""
        return await self._work(lambda home, _staging: Usage(*measure_usage(home)))

    @contextmanager
    def visit(self, cancel: asyncio.Event) -> Iterator[None]:
        """A run or terminal that is to be here, from its request on; `cancel` ends it."""
        if self._is_closed:
            raise WorkspaceClosedError("The workspace is closed.")
        self._visits.add(cancel)
        try:
            yield
        finally:
            self._visits.discard(cancel)
            self._vacated.set()
            self.used_at = _now()

    @contextmanager
    def running(self) -> Iterator[None]:
        """While programs may be alive inside."""
        self._begun += 1
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def close(self) -> None:
        """Take no more requests, and end what runs; the disk is nobody's afterwards."""
        self._is_closed = True
        while self._visits:
            self._vacated.clear()
            for cancel in self._visits:
                cancel.set()
            await self._vacated.wait()
        async with self._lock:
            return

    def _quiet(self) -> int | None:
        """None while something runs; else how many runs there have been."""
        return None if self._running else self._begun

    async def _work(self, step: Callable[[int, int], T]) -> T:
        async with self._lock:
            if self._is_closed:
                raise WorkspaceClosedError("The workspace is closed.")
            try:
                return await run_to_end(self._pool, lambda: self._perform(step))
            finally:
                self.used_at = _now()

    def _perform(self, step: Callable[[int, int], T]) -> T:
        with self.disk.open() as (home, staging):
            self._review(home, staging)
            try:
                return step(home, staging)
            finally:
                self._review(home, staging)

    def _review(self, home: int, staging: int) -> None:
        self._replaced.review(home, staging, is_quiet=self._quiet() is not None)

    def _make_roots(self, home: int, staging: int) -> None:
        writer = self._writer(home, staging)
        for root in self.roots:
            writer.make_root(root)

    def _writer(self, home: int, staging: int) -> Writer:
        return Writer(home, staging, owner=self._owner, replaced=self._replaced)

    def _scan(self, home: int, _staging: int) -> Scan:
        return self._scanner.scan(home, self.roots, self._bases)

    def _write(
        self, home: int, staging: int, changes: Sequence[FileChange]
    ) -> tuple[str, ...]:
        writer = self._writer(home, staging)
        conflicts: list[str] = []
        is_full = False
        for change in changes:
            with suppress(DiskFullError):
                if writer.apply(change):
                    self._agree({change.path: hash_bytes(change.data)})
                else:
                    conflicts.append(change.path)
                continue
            is_full = True
        if is_full:
            raise WorkspaceFullError("The workspace is full. Delete something.")
        return tuple(conflicts)

    def _agree(self, bases: Mapping[str, str]) -> None:
        for path, base in bases.items():
            if base:
                self._bases[path] = base
            else:
                self._bases.pop(path, None)
        if len(self._bases) > MAX_BASES:
            raise RunnerError("There are too many files in the workspace.")


async def run_to_end(pool: Executor, step: Callable[[], T]) -> T:
    """The result of `step`, worked out in a thread. Whoever is cancelled meanwhile
    waits for it still, so that no thread is left behind at work on the files."""
    future = asyncio.get_running_loop().run_in_executor(pool, step)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait({future})
        raise


def _now() -> float:
    return asyncio.get_running_loop().time()
