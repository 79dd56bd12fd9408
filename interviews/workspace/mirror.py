"""What has to happen so that the disk and the database agree: planned, not done.

For each path there is what both last agreed on (the base), what is on the disk and
what the database has. Whichever moved away from the base wins; where both did, a text
is merged and the database's other contents win. An edit beats a deletion.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from interviews.workspace.errors import BadPathError
from interviews.workspace.paths import TakenNames, check_path

# Kinds of the runner whose content nobody reads.
_OPAQUE = ("large", "link", "special")
# In Stored.taken, for a content: somebody deleted what has none, and the disk follows.
ERASED = "erased"


class Entry(Protocol):
    """A path as a scan of the disk lists it; hashes are "" for nothing."""

    @property
    def path(self) -> str: ...
    @property
    def kind(
        self,
    ) -> Literal["text", "binary", "large", "link", "special", "gone"]: ...
    @property
    def size(self) -> int: ...
    @property
    def hash(self) -> str: ...
    @property
    def base(self) -> str: ...


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the database that is no document; `hash` is "" without content."""

    kind: str
    size: int
    hash: str


@dataclass(frozen=True)
class Stored:
    """The database's side.

    `documents` maps paths to content hashes. `taken` maps a path to (the runner's base,
    the content that was brought into the database since), for what the runner may not
    know yet; ERASED for what had none and was deleted. `alike` maps contents of the disk to documents that differ from them in
    line ends only.
    """

    documents: Mapping[str, str]
    files: Mapping[str, KeptFile] = field(default_factory=dict)
    taken: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    alike: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """Which paths may be documents, and how many."""

    folders: Collection[str]
    documents: int


@dataclass(frozen=True, slots=True)
class Take:
    """Content of the disk to bring into the database; `base` is "" where unknown."""

    entry: Entry
    base: str
    into: Literal["document", "file"]


@dataclass
class Plan:
    """What to do, by path.

    `writes` and `erasures` change the disk where it still has the hash they map to, ""
    being none: nothing to write over, and to erase a link or what is too large to read;
    `agrees` are bases for the runner. `removed` documents and `dropped` files went from
    the disk; `noted` files are shown without their content. What cannot be done:
    `clashes` with names that differ in their letters' case only, documents `blocked` by
    what is no file, names that are `refused`.
    """

    writes: dict[str, str] = field(default_factory=dict)
    erasures: dict[str, str] = field(default_factory=dict)
    agrees: dict[str, str] = field(default_factory=dict)
    takes: dict[str, Take] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    noted: list[Entry] = field(default_factory=list)
    clashes: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def changes_database(self) -> bool:
        return bool(self.takes or self.removed or self.dropped or self.noted)

    @property
    def is_empty(self) -> bool:
        return not (
            self.changes_database or self.writes or self.erasures or self.agrees
        )


def plan_sync(
    stored: Stored, entries: Iterable[Entry], rules: Rules, *, is_whole: bool = True
) -> Plan:
    """Return what to do, given the database's side and a scan of the disk.

    A path that is not listed is unknown, not gone; but for files that never had a base
    if the scan `is_whole`.
    """
    found = {entry.path: entry for entry in entries}
    return _Planner(stored, found, rules, is_whole=is_whole).plan()


class _Planner:
    def __init__(
        self,
        stored: Stored,
        entries: Mapping[str, Entry],
        rules: Rules,
        *,
        is_whole: bool,
    ) -> None:
        self._stored = stored
        self._entries = entries
        self._rules = rules
        self._is_whole = is_whole
        self._names = TakenNames(stored.documents)
        self._room = rules.documents - len(stored.documents)
        self._plan = Plan()

    def plan(self) -> Plan:
        stored = self._stored
        erased = {path for path in self._entries if self._is_erased(path)}
        self._plan.erasures.update(dict.fromkeys(sorted(erased), ""))
        for path in sorted({*stored.documents} - erased):
            self._plan_document(path, self._entries.get(path))
        others = {*stored.files, *self._entries} - {*stored.documents} - erased
        for path in sorted(others):
            entry = self._entries.get(path)
            kept = stored.files.get(path)
            if kept is not None:
                self._plan_file(path, kept, entry)
            elif entry is not None:
                self._plan_unknown(entry)
        return self._plan

    def _is_erased(self, path: str) -> bool:
        """Say whether this goes first; what takes its place is for another look."""
        entry = self._entries[path]
        return entry.kind in _OPAQUE and self._base(entry) == ERASED

    def _base(self, entry: Entry) -> str:
        """Return what both sides agreed on; the database may know more than the runner."""
        known, taken = self._stored.taken.get(entry.path, (None, ""))
        return taken if known == entry.base else entry.base

    def _as_document(self, content: str) -> str:
        return self._stored.alike.get(content, content)

    def _agree(self, entry: Entry, content: str) -> None:
        if entry.base != content:
            self._plan.agrees[entry.path] = content

    def _plan_document(self, path: str, entry: Entry | None) -> None:
        if entry is None:
            self._plan.writes[path] = ""
            return
        base, mine = self._base(entry), self._stored.documents[path]
        is_edited = not base or self._as_document(base) != mine
        if entry.kind == "text":
            self._plan_text(entry, base, mine)
        elif entry.kind == "gone" and not is_edited:
            self._plan.removed.append(path)
            self._agree(entry, "")
        elif entry.kind == "gone":
            self._plan.writes[path] = ""
        elif entry.kind in _OPAQUE and is_edited:
            self._plan.blocked.append(path)
        elif is_edited or entry.hash == base:
            self._plan.writes[path] = entry.hash
        else:
            self._plan.removed.append(path)
            self._take_file(entry)

    def _plan_text(self, entry: Entry, base: str, mine: str) -> None:
        found = self._as_document(entry.hash)
        if found == mine:
            self._agree(entry, entry.hash)
        elif base and self._as_document(base) == found:
            self._plan.writes[entry.path] = entry.hash
        else:
            self._plan.takes[entry.path] = Take(entry, base, "document")

    def _plan_file(self, path: str, kept: KeptFile, entry: Entry | None) -> None:
        if entry is None or entry.kind == "gone":
            self._plan_absent_file(path, kept, entry)
            return
        base = self._base(entry)
        is_uploaded = bool(kept.hash) and kept.hash != base
        if entry.kind in _OPAQUE:
            if is_uploaded:
                self._plan.blocked.append(path)
            elif (kept.kind, kept.size) != (entry.kind, entry.size):
                self._note(entry)
        elif entry.hash == kept.hash:
            self._agree(entry, entry.hash)
            if entry.kind == "text" and self._fits(entry):
                self._plan.takes[path] = Take(entry, entry.hash, "document")
        elif is_uploaded:
            self._plan.writes[path] = entry.hash
        else:
            self._take(entry, base)

    def _plan_absent_file(self, path: str, kept: KeptFile, entry: Entry | None) -> None:
        if entry is None:
            if kept.hash:
                self._plan.writes[path] = ""
            elif self._is_whole:
                self._plan.dropped.append(path)
        elif kept.hash and kept.hash != self._base(entry):
            self._plan.writes[path] = ""
        else:
            self._plan.dropped.append(path)
            self._agree(entry, "")

    def _plan_unknown(self, entry: Entry) -> None:
        base = self._base(entry)
        if entry.kind == "gone":
            self._agree(entry, "")
        elif entry.kind not in _OPAQUE and base and entry.hash == base:
            self._plan.erasures[entry.path] = entry.hash
        elif not self._is_valid(entry.path):
            self._plan.refused.append(entry.path)
        elif entry.kind in _OPAQUE:
            self._note(entry)
        else:
            self._take(entry, "")

    def _take(self, entry: Entry, base: str) -> None:
        if entry.kind == "text" and self._fits(entry):
            self._plan.takes[entry.path] = Take(entry, base, "document")
        else:
            self._take_file(entry)

    def _take_file(self, entry: Entry) -> None:
        if entry.kind in _OPAQUE:
            self._note(entry)
        else:
            self._plan.takes[entry.path] = Take(entry, self._base(entry), "file")

    def _note(self, entry: Entry) -> None:
        self._plan.noted.append(entry)
        self._agree(entry, "")

    def _is_valid(self, path: str) -> bool:
        try:
            return check_path(path, folders=self._rules.folders) == path
        except BadPathError:
            return False

    def _fits(self, entry: Entry) -> bool:
        """Say whether a text can become a document; then its name and place are taken."""
        path = entry.path
        if not self._is_valid(path) or self._room <= 0:
            return False
        if not self._names.is_free(path):
            if path not in self._stored.files:
                self._plan.clashes.append(path)
            return False
        self._names.add(path)
        self._room -= 1
        return True
