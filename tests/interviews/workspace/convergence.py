"""Two editors and a command at work on the same files, in whatever order.

The editors speak the protocol of the documents, the command writes to the disk, and a
synchroniser goes through its steps one by one; between any two of them anything else
may happen, and it may break off for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from base.text import utf16_length
from interviews.enums import InterviewState, TextOrigin
from interviews.errors import VersionConflictError
from interviews.models import Document, DocumentVersion, WorkspaceLease
from interviews.runner_client import FileWrite, WorkspaceEntry
from interviews.selectors.origins import read_text_runs
from interviews.selectors.workspace import list_updates_since
from interviews.services.command_changes import Applied, apply_scan
from interviews.services.documents import update_document
from interviews.services.files import create_file, delete_file
from interviews.services.workspaces import (
    Claim,
    Scan,
    WorkspaceLostError,
    claim_workspace,
    look_at_disk,
    note_opened,
    note_told,
)
from interviews.workspace.batches import Update
from interviews.workspace.changes import apply_changes, make_replacement
from interviews.workspace.changesets import compose_changes, map_changes
from runner.protocol import FileChange
from tests.factories.interviews import InterviewFactory
from tests.fakes.workspace import FakeWorkspace

NAMES = ("a.py", "b.py")
LINES = ["}\n", "\n", "x = 1\n", "é😀\n", "    return x\n"]
places = st.integers(0, 2**16)
names = st.sampled_from(NAMES)
new_texts = st.lists(st.sampled_from(LINES), max_size=5).map("".join)


@dataclass
class Copy:
    """A document as an editor has it: what is stored, and its changes on top."""

    document: int
    version: int
    stored: str
    pending: list[Any] | None = None

    @property
    def text(self) -> str:
        return apply_changes(self.stored, self.pending) if self.pending else self.stored

    def change(self, changes: list[Any]) -> None:
        self.pending = (
            changes if self.pending is None else compose_changes(self.pending, changes)
        )

    def receive(self, changes: list[Any]) -> None:
        if self.pending is not None:
            self.pending = map_changes(self.pending, changes)
        self.stored = apply_changes(self.stored, changes)
        self.version += 1


@dataclass
class Pass:
    """What the synchroniser has in its hands between two steps."""

    claim: Claim
    scan: Scan
    contents: dict[str, bytes] = field(default_factory=dict)
    applied: Applied | None = None


class Converging(RuleBasedStateMachine):
    """Whatever is put in stays until somebody deletes it; in the end all agree."""

    @initialize(first=new_texts)
    def open(self, first: str) -> None:
        self.interview = InterviewFactory.create(state=InterviewState.ACTIVE)
        section = self.interview.assessment_version.sections.first()
        assert section is not None
        self.folder = section.folder
        self.disk = FakeWorkspace(1, (self.folder,))
        self.editors: list[dict[str, Copy]] = [{}, {}]
        self.former: list[tuple[str, bytes]] = []
        self.words: set[str] = set()
        self.count = 0
        self.now: Pass | None = None
        self._create(self._path("a.py"), first)
        self._begin()
        self._finish_pass()

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def _word(self) -> str:
        """A character that stands nowhere else."""
        self.count += 1
        word = chr(0x4E00 + self.count)
        self.words.add(word)
        return word

    def _forget(self, text: str) -> None:
        """Whoever deletes a text deletes the words in it."""
        self.words -= {word for word in self.words if word in text}

    # The editors

    def _create(self, path: str, text: str) -> None:
        create_file(self.interview.pk, path=path, text=text, client_id=str(uuid4()))

    def _find(self, path: str) -> Document | None:
        return Document.objects.filter(interview=self.interview, path=path).first()

    @rule(name=names, text=new_texts)
    def create_in_the_editor(self, name: str, text: str) -> None:
        if self._find(self._path(name)) is None:
            self._create(self._path(name), f"{self._word()}\n{text}")

    @rule(name=names)
    def delete_in_the_editor(self, name: str) -> None:
        document = self._find(self._path(name))
        if document is not None:
            self._forget(document.text)
            path = document.path
            delete_file(self.interview.pk, path=path, client_id=str(uuid4()))

    def _open(self, who: int, name: str) -> Copy | None:
        """The editor's copy; one of a file that went goes, as the page drops it."""
        path, mine = self._path(name), self.editors[who]
        document = self._find(path)
        known = mine.get(path)
        if known is not None and (document is None or document.pk != known.document):
            self._forget(known.text)
            del mine[path]
        if document is None:
            return None
        return mine.setdefault(path, Copy(document.pk, document.version, document.text))

    @rule(who=st.integers(0, 1), name=names, place=places)
    def type(self, who: int, name: str, place: int) -> None:
        copy = self._open(who, name)
        if copy is not None:
            text = copy.text
            at = place % (len(text) + 1)
            copy.change(make_replacement(text, at, at, self._word()))

    @rule(who=st.integers(0, 1), name=names, place=places, size=st.integers(1, 12))
    def delete(self, who: int, name: str, place: int, size: int) -> None:
        copy = self._open(who, name)
        if copy is not None and copy.text:
            text = copy.text
            at = place % len(text)
            end = min(at + size, len(text))
            self._forget(text[at:end])
            copy.change(make_replacement(text, at, end, ""))

    @rule(who=st.integers(0, 1), name=names)
    def send(self, who: int, name: str) -> None:
        copy = self._open(who, name)
        if copy is None or copy.pending is None:
            return
        try:
            stored = update_document(
                self.interview.pk,
                path=self._path(name),
                version=copy.version,
                updates=[Update(f"editor-{who}", copy.pending)],
                client_id=str(uuid4()),
            )
        except VersionConflictError:
            self.receive(who, name)
            return
        copy.stored, copy.pending = copy.text, None
        copy.version = stored.version

    @rule(who=st.integers(0, 1), name=names)
    def receive(self, who: int, name: str) -> None:
        copy, document = self._open(who, name), self._find(self._path(name))
        if copy is not None and document is not None:
            for update in list_updates_since(document, copy.version):
                copy.receive(update["changes"])  # type: ignore[arg-type]

    # The command

    @rule(name=names, place=places, word=st.booleans())
    def write_to_the_disk(self, name: str, place: int, word: bool) -> None:
        path = self._path(name)
        lines = self.disk.files.get(path, b"").decode().splitlines(keepends=True)
        at = place % (len(lines) + 1)
        if word or at == len(lines):
            lines.insert(at, f"{self._word()}\n")
        else:
            self._forget(lines.pop(at))
        self.disk.files[path] = "".join(lines).encode()

    @rule(name=names, text=new_texts)
    def rewrite_on_the_disk(self, name: str, text: str) -> None:
        path = self._path(name)
        self._forget(self.disk.files.get(path, b"").decode())
        self.disk.files[path] = f"{self._word()}\n{text}".encode()

    @rule(name=names, place=places)
    def bring_back_on_the_disk(self, name: str, place: int) -> None:
        """As it was at an earlier moment, to the letter."""
        path = self._path(name)
        former = [data for was, data in self.former if was == path]
        if former:
            self._forget(self.disk.files.get(path, b"").decode())
            self.disk.files[path] = former[place % len(former)]

    @rule(name=names)
    def delete_on_the_disk(self, name: str) -> None:
        data = self.disk.files.pop(self._path(name), b"")
        self._forget(data.decode())

    # The synchroniser, step by step

    def _begin(self) -> None:
        claim = claim_workspace(self.interview.pk, runner="fake")
        note_opened(claim, generation="fake", is_new=self.now is None)
        self.now = Pass(claim, self._scan())

    def _scan(self) -> Scan:
        self.former += self.disk.files.items()
        return Scan(self.disk.list_entries())

    @rule()
    def scan(self) -> None:
        assert self.now is not None
        if self.now.applied is None:
            self.now = Pass(self.now.claim, self._scan())

    @rule()
    def read(self) -> None:
        assert self.now is not None
        look = look_at_disk(self.now.claim, self.now.scan)
        files = self.disk.files
        self.now.contents = {path: files[path] for path in look.reads if path in files}

    @rule()
    def merge(self) -> None:
        now = self.now
        assert now is not None
        if now.applied is None:
            now.applied = apply_scan(now.claim, now.scan, now.contents)

    @rule()
    def write(self) -> None:
        now = self.now
        assert now is not None
        if now.applied is None:
            return
        conflicts = {
            write.path
            for write in now.applied.writes
            if not self.disk.change(as_change(write))
        }
        self.disk.agree(now.applied.agrees)
        told = {
            path: base
            for path, base in now.applied.told.items()
            if path not in conflicts
        }
        note_told(now.claim, told)
        self.now = Pass(now.claim, self._scan())

    @rule()
    def break_off(self) -> None:
        """The process is killed; another one takes over."""
        former = self.now
        self._begin()
        assert former is not None
        try:
            apply_scan(former.claim, former.scan, former.contents)
        except WorkspaceLostError:
            return
        raise AssertionError("two keep one workspace in step")

    @rule()
    def break_off_while_writing(self) -> None:
        now = self.now
        assert now is not None
        if now.applied is not None:
            for write in now.applied.writes[:1]:
                self.disk.change(as_change(write))
            self._begin()

    def _finish_pass(self) -> None:
        self.scan()
        self.read()
        self.merge()
        self.write()

    # What holds

    @invariant()
    def runs_cover_every_text(self) -> None:
        for document in self._documents():
            runs = read_text_runs(self.interview, document.path)
            assert sum(run.length for run in runs) == utf16_length(document.text)
            assert TextOrigin.UNKNOWN not in {run.origin for run in runs}

    @invariant()
    def every_base_is_on_record(self) -> None:
        if not hasattr(self, "disk"):
            return
        bases = {*self.disk.bases.values()}
        versions = DocumentVersion.objects.filter(
            interview=self.interview, hash__in=bases
        )
        assert bases == {*versions.values_list("hash", flat=True)}

    def _documents(self) -> Iterator[Document]:
        if hasattr(self, "interview"):
            yield from Document.objects.filter(interview=self.interview)

    def teardown(self) -> None:
        if not hasattr(self, "now"):
            return
        for _round in range(6):
            for name in NAMES:
                for who in (0, 1, 0, 1):
                    self.send(who, name)
                    self.receive(who, name)
            self.merge()
            self.write()
            self._finish_pass()
        self._check_end()

    def _check_end(self) -> None:
        texts = {document.path: document.text for document in self._documents()}
        assert {path: data.decode() for path, data in self.disk.files.items()} == texts
        for mine in self.editors:
            for path in [*mine]:
                if self._open(self.editors.index(mine), path.split("/")[1]):
                    assert (mine[path].text, mine[path].pending) == (texts[path], None)
        together = "".join(texts.values())
        found = {word: together.count(word) for word in self.words}
        wrong = {word: times for word, times in found.items() if times != 1}
        assert wrong == {}, (wrong, texts)
        assert WorkspaceLease.objects.get(interview=self.interview).taken == {}
        assert not look_at_disk(self.now.claim, self._scan()).has_work  # type: ignore[union-attr]


def as_change(write: FileWrite) -> FileChange:
    return FileChange(write.path, write.data, write.expected)


Entries = tuple[WorkspaceEntry, ...]
