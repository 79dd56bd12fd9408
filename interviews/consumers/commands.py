"""Documents, files and sections: from a frame to a service and its answer."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.models import User
from interviews.enums import Origin
from interviews.errors import VersionConflictError
from interviews.file_news import change_frame
from interviews.protocol import (
    DocumentApply,
    DocumentCatchUp,
    DocumentOpen,
    DocumentUpdate,
    FileCreate,
    FileDelete,
    FileRename,
    FileRestore,
    Frame,
    SectionOpen,
    split_updates,
    updates_frame,
)
from interviews.selectors.workspace import list_updates_since
from interviews.services.documents import (
    Stored,
    apply_block,
    find_document,
    update_document,
)
from interviews.services.file_restores import restore_file
from interviews.services.files import (
    FileChange,
    create_file,
    delete_file,
    rename_file,
)
from interviews.services.sections import open_section

T = TypeVar("T")

FileFrame = FileCreate | FileRename | FileDelete | FileRestore


class Room(Protocol):
    """What a command needs of the socket it came from."""

    interview_id: UUID

    @property
    def author(self) -> User | None:
        """Who writes here: None is the candidate."""

    def post(self, frame: Frame) -> None:
        """Queue a frame for this window."""

    def check_writing(self, frame: object) -> None:
        """Raise ReadOnlyError unless this window may write now; asks the database."""

    async def tell_others(self, frame: Frame) -> None:
        """Send a frame to every other window of the interview."""


async def _in_thread(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    return await database_sync_to_async(function)(*args, **kwargs)


async def open_document(room: Room, frame: DocumentOpen) -> None:
    """Answer with the document as it is stored."""
    document = await _in_thread(find_document, room.interview_id, frame.path)
    room.post(
        {
            "type": "document.opened",
            "id": frame.id,
            "document": document.pk,
            "path": document.path,
            "version": document.version,
            "text": document.text,
            "hash": document.hash,
            "interviewer": document.interviewer_ranges,
        }
    )


async def catch_up(room: Room, frame: DocumentCatchUp) -> None:
    """Answer with what was done since a version, or as much of it as fits a frame."""
    current, frames = await _in_thread(_read_since, room.interview_id, frame)
    first = frames[0] if frames else updates_frame(frame.path, frame.version, [])
    room.post({**first, "type": "document.missed", "id": frame.id, "current": current})


def _read_since(
    interview_id: UUID, frame: DocumentCatchUp
) -> tuple[int, Sequence[Frame]]:
    document = find_document(interview_id, frame.path, document_id=frame.document)
    updates = list_updates_since(document, frame.version)
    return document.version, split_updates(frame.path, frame.version, updates)


async def store_update(room: Room, frame: DocumentUpdate) -> None:
    """Store, acknowledge, show the others; or say what the window does not know yet."""
    try:
        stored = await _in_thread(_store, room, frame)
    except VersionConflictError as error:
        room.post(dict(error.as_frame(frame.id)))
        await _send_missing(room, frame.path, frame.version)
        return
    room.post(_stored_frame("document.acknowledged", frame.id, stored))
    if stored.mend is not None:
        room.post(updates_frame(stored.path, stored.version, [stored.mend]))
    await _show(room, stored)


def _store(room: Room, frame: DocumentUpdate) -> Stored:
    """Check and store in one go: a change of threads costs as much as a query."""
    room.check_writing(frame)
    return update_document(
        room.interview_id,
        path=frame.path,
        document_id=frame.document,
        version=frame.version,
        updates=[item.as_update() for item in frame.updates],
        client_id=frame.id,
        interviewer=room.author,
    )


async def _send_missing(room: Room, path: str, version: int) -> None:
    frames = await _in_thread(_read_missing, room.interview_id, path, version)
    for frame in frames:
        room.post(frame)


def _read_missing(interview_id: UUID, path: str, version: int) -> list[Frame]:
    document = find_document(interview_id, path)
    return split_updates(path, version, list_updates_since(document, version))


async def _show(room: Room, stored: Stored) -> None:
    updates = [*stored.updates, *([stored.mend] if stored.mend else [])]
    if updates:
        origin = Origin.CANDIDATE if room.author is None else Origin.INTERVIEWER
        await room.tell_others(
            updates_frame(stored.path, stored.first, updates, origin=origin)
        )


def _stored_frame(kind: str, frame_id: str, stored: Stored) -> Frame:
    return {
        "type": kind,
        "id": frame_id,
        "path": stored.path,
        "version": stored.version,
        "hash": stored.hash,
    }


async def apply_answer(room: Room, frame: DocumentApply) -> None:
    """Put a code block into a document; every window gets the change, this one too."""
    stored = await _in_thread(
        apply_block,
        room.interview_id,
        path=frame.path,
        version=frame.version,
        mode=frame.mode,
        line=frame.line,
        text=frame.text,
        turn=frame.turn,
        block=frame.block,
        client_id=frame.id,
    )
    room.post(_stored_frame("document.applied", frame.id, stored))
    if stored.updates:
        room.post(updates_frame(stored.path, stored.first, stored.updates))
    await _show(room, stored)


async def change_file(room: Room, frame: FileFrame) -> None:
    """Create, rename, delete or restore; every window gets the new list."""
    change, answer = await _in_thread(_change_file, room.interview_id, frame)
    room.post({**answer, "id": frame.id})
    if not change.is_repeat:
        await room.tell_others(answer)


def _change_file(interview_id: UUID, frame: FileFrame) -> tuple[FileChange, Frame]:
    match frame:
        case FileCreate():
            change = create_file(
                interview_id, path=frame.path, text=frame.text, client_id=frame.id
            )
        case FileRename():
            change = rename_file(
                interview_id, path=frame.path, to=frame.to, client_id=frame.id
            )
        case FileDelete():
            change = delete_file(interview_id, path=frame.path, client_id=frame.id)
        case FileRestore():
            change = restore_file(
                interview_id, deletion=frame.deletion, client_id=frame.id
            )
    return change, change_frame(interview_id, change)


async def turn_to_section(room: Room, frame: SectionOpen) -> None:
    """Note which problem the candidate looks at; answered so that it can be repeated."""
    folder = await _in_thread(
        open_section, room.interview_id, folder=frame.section, client_id=frame.id
    )
    room.post({"type": "section.opened", "id": frame.id, "section": folder})
