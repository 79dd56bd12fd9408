"""Origins read from the timeline: of a file at a moment, of a whole interview."""

from typing import Any

import pytest

from base.text import utf16_length
from interviews.enums import Origin, TextOrigin
from interviews.models import Document, Event, Interview
from interviews.selectors.origins import read_origin_shares, read_text_runs
from interviews.services.documents import (
    apply_block,
    seed_workspace,
    update_document,
)
from interviews.services.files import create_file, delete_file, rename_file
from interviews.timeline.kinds import DocumentUpdated, DocumentUpdatedV2
from interviews.timeline.log import append_event
from interviews.workspace.batches import Input, Update
from interviews.workspace.changes import make_update
from interviews.workspace.errors import MissingError

OUTSIDE = Input("paste", 6, "outside")
INSIDE = Input("paste", 6, "inside")


class Room:
    """A workspace edited as the sockets would."""

    def __init__(self, interview: Interview, folder: str) -> None:
        self.interview = interview
        self.path = f"{folder}/notes.py"
        self.count = 0

    def next_id(self) -> str:
        self.count += 1
        return f"frame-{self.count}"

    def create(self, text: str = "") -> None:
        create_file(
            self.interview.pk, path=self.path, text=text, client_id=self.next_id()
        )

    @property
    def document(self) -> Document:
        return Document.objects.get(interview=self.interview, path=self.path)

    def write(self, text: str, told: Input | None = None) -> int:
        """Turn the file into `text`; return the number of the event."""
        document = self.document
        changes = make_update(document.text, text)
        return self.send([Update("editor", changes, told)])

    def send(self, updates: list[Update]) -> int:
        update_document(
            self.interview.pk,
            path=self.path,
            version=self.document.version,
            updates=updates,
            client_id=self.next_id(),
        )
        return self.last_seq

    def take(self, text: str) -> int:
        apply_block(
            self.interview.pk,
            path=self.path,
            version=self.document.version,
            mode="append",
            line=None,
            text=text,
            turn="turn",
            block=0,
            client_id=self.next_id(),
        )
        return self.last_seq

    @property
    def last_seq(self) -> int:
        last = Event.objects.filter(interview=self.interview).latest("seq")
        return last.seq

    def runs(self, until: int | None = None) -> list[tuple[int, str, int]]:
        runs = read_text_runs(self.interview, self.path, until=until)
        return [(run.length, run.origin.value, run.event) for run in runs]


@pytest.fixture
def room(interview: Interview, folder: str) -> Room:
    seed_workspace(interview)
    made = Room(interview, folder)
    made.create()
    return made


def test_runs_name_the_origin_and_the_event(room: Room) -> None:
    typed = room.write("x = 1\n")
    pasted = room.write("x = 1\n# 😀 outside\n", OUTSIDE)
    inside = room.write("x = 1\n# 😀 outside\nx = 1\n", INSIDE)
    taken = room.take("y = 2\n")

    assert room.runs() == [
        (6, "typed", typed),
        (13, "pasted_outside", pasted),
        (6, "pasted_inside", inside),
        (6, "assistant", taken),
    ]
    assert sum(length for length, *_ in room.runs()) == utf16_length(room.document.text)


def test_runs_at_an_earlier_moment(room: Room) -> None:
    typed = room.write("abc")
    pasted = room.write("abXXc", OUTSIDE)
    room.write("")

    assert room.runs(until=typed) == [(3, "typed", typed)]
    assert room.runs(until=pasted) == [
        (2, "typed", typed),
        (2, "pasted_outside", pasted),
        (1, "typed", typed),
    ]
    assert room.runs() == []


def test_runs_follow_a_renamed_file(room: Room) -> None:
    typed = room.write("abc")
    former, to = room.path, room.path.replace("notes", "moved")
    rename_file(room.interview.pk, path=former, to=to, client_id="rename")
    room.path = to

    assert room.runs() == [(3, "typed", typed)]
    with pytest.raises(MissingError):
        read_text_runs(room.interview, former)


def test_file_that_comes_with_text_was_brought_along(room: Room) -> None:
    room.path = room.path.replace("notes", "brought")
    room.create("import this\n")

    assert room.runs() == [(12, "pasted_outside", room.last_seq)]


def test_half_a_character_mended_by_the_server_keeps_its_origin(room: Room) -> None:
    event = room.send([Update("editor", [[0, "a\ud800b"]], OUTSIDE)])

    assert room.document.text == "a\ufffdb"
    assert room.runs() == [(3, "pasted_outside", event)]


@pytest.mark.parametrize(
    ("origin", "payload_type", "expected"),
    [
        (Origin.CANDIDATE, DocumentUpdatedV2, "typed"),
        (Origin.CANDIDATE, DocumentUpdated, "unknown"),
        (Origin.INTERVIEWER, DocumentUpdatedV2, "interviewer"),
        (Origin.ASSISTANT, DocumentUpdatedV2, "assistant"),
        (Origin.SYSTEM, DocumentUpdatedV2, "command"),
    ],
)
def test_writer_of_an_update_is_its_origin(
    room: Room, origin: str, payload_type: type[DocumentUpdated], expected: str
) -> None:
    update: dict[str, Any] = {"client": "editor", "changes": [[0, "abc"]]}
    payload = payload_type(path=room.path, version=1, updates=[update], hash="")
    event = append_event(room.interview, payload, origin=origin)

    assert room.runs() == [(3, expected, event.seq)]


def test_shares_are_of_the_text_there_is(room: Room) -> None:
    starter = sum(len(text) for text in _texts(room.interview))
    room.write("x" * 40, OUTSIDE)
    room.write("x" * 10 + "y" * 30)
    gone = Room(room.interview, room.path.split("/")[0])
    gone.path = gone.path.replace("notes", "gone")
    create_file(room.interview.pk, path=gone.path, text="zz", client_id="gone")
    delete_file(room.interview.pk, path=gone.path, client_id="gone too")

    shares = read_origin_shares(room.interview)

    assert [(share.origin, share.units) for share in shares] == sorted(
        [
            (TextOrigin.STARTER, starter),
            (TextOrigin.TYPED, 30),
            (TextOrigin.PASTED_OUTSIDE, 10),
        ],
        key=lambda share: -share[1],
    )
    assert sum(share.percent for share in shares) == pytest.approx(100)
    assert {share.total for share in shares} == {starter + 40}


def test_shares_without_text_are_none(interview: Interview) -> None:
    assert read_origin_shares(interview) == []


def _texts(interview: Interview) -> list[str]:
    return [document.text for document in Document.objects.filter(interview=interview)]
