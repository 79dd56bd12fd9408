"""What the windows of an interview hear of what happened on a runner's disk."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interviews.file_news import files_frame
from interviews.notifications import tell_group
from interviews.protocol import Frame, split_updates, workspace_group
from interviews.services.command_changes import Applied
from interviews.services.workspaces import Opening

MOST_NAMES = 5


class WorkspaceNews:
    """Tells every window of one interview; a notice is not repeated."""

    def __init__(self, interview_id: UUID) -> None:
        self._interview_id = interview_id
        self._told: set[str] = set()

    async def tell(self, applied: Applied) -> None:
        """Show what commands changed, and say what could not be done."""
        for stored in applied.updates:
            updates = [update.as_json() for update in stored.updates]
            for frame in split_updates(stored.path, stored.first, updates):
                await self._send(frame)
        if applied.is_list_changed:
            for frame in await database_sync_to_async(_list_frames)(
                self._interview_id, applied.deleted
            ):
                await self._send(frame)
        for text in _complaints(applied):
            await self._warn(text)

    async def tell_opening(self, opening: Opening) -> None:
        """Say that the runner was restarted, and what that lost."""
        if opening.lost:
            await self._warn(
                _(
                    "The machine that runs your code was restarted. Your files are in "
                    "place again, but for those that are not kept: %(names)s"
                )
                % {"names": join_names(opening.lost)}
            )
        elif opening.is_restart:
            await self._notify(
                "info",
                _(
                    "The machine that runs your code was restarted. Your files are all "
                    "in place again."
                ),
            )

    async def tell_full(self) -> None:
        """Say that the disk takes no more."""
        await self._warn(
            _(
                "The disk of the workspace is full, so your latest changes are not on "
                "it. They are stored. Delete files that commands wrote."
            )
        )

    async def _warn(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            await self._notify("warning", text)

    async def _notify(self, level: str, text: str) -> None:
        await self._send({"type": "notice", "level": level, "text": text})

    async def _send(self, frame: Frame) -> None:
        message = {"type": "workspace.frame", "frame": frame, "sender": ""}
        await tell_group(workspace_group(self._interview_id), message)


def _list_frames(interview_id: UUID, deleted: Sequence[str]) -> list[Frame]:
    listed = files_frame(interview_id)
    gone: list[Frame] = [
        {**listed, "action": "deleted", "path": path} for path in deleted
    ]
    return gone or [listed]


def _complaints(applied: Applied) -> Iterable[str]:
    if applied.clashes:
        yield _(
            "A command wrote files whose names differ from others only in upper and "
            "lower case. They are listed, but cannot be edited: %(names)s"
        ) % {"names": join_names(applied.clashes)}
    if applied.blocked:
        yield _(
            "A command put something else in the place of these files, so your changes "
            "are not on the disk. They are stored: %(names)s"
        ) % {"names": join_names(applied.blocked)}
    if applied.too_large:
        yield _(
            "What a command wrote and what you wrote are together larger than 1 MB, so "
            "the command's part was left out: %(names)s"
        ) % {"names": join_names(applied.too_large)}
    if applied.refused:
        count = len(applied.refused)
        yield ngettext(
            "A command wrote %(count)d file whose name cannot be shown.",
            "A command wrote %(count)d files whose names cannot be shown.",
            count,
        ) % {"count": count}


def join_names(paths: Sequence[str]) -> str:
    """Return the first few paths as one line."""
    names = ", ".join(paths[:MOST_NAMES])
    left = len(paths) - MOST_NAMES
    return (
        names
        if left <= 0
        else _("%(names)s and %(left)d more")
        % {
            "names": names,
            "left": left,
        }
    )
