"""A batch of updates as it came, and as it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from base.text import utf16_length
from interviews.workspace.changes import (
    Changes,
    apply_changes,
    clean_text,
    is_storable,
    make_replacement,
    make_update,
)

SERVER_CLIENT = "server"


@dataclass(frozen=True)
class Input:
    """How text that was not typed came in, as the page tells it.

    `size` is all of it in UTF-16 code units, also where it comes in several updates;
    `source` says whether it had been copied in this room.
    """

    kind: Literal["paste", "drop", "move", "undo"]
    size: int
    source: Literal["inside", "outside"]

    def as_json(self) -> dict[str, object]:
        """Return the form of the frames and of the timeline."""
        return {"kind": self.kind, "size": self.size, "source": self.source}


@dataclass(frozen=True)
class Update:
    """One change set and the editor that made it; each raises the version by one.

    Without `input` it was typed.
    """

    client: str
    changes: Changes
    input: Input | None = None

    def as_json(self) -> dict[str, object]:
        """Return the form of the frames and of the timeline."""
        item: dict[str, object] = {"client": self.client, "changes": self.changes}
        return item if self.input is None else {**item, "input": self.input.as_json()}


@dataclass(frozen=True)
class Batch:
    """What is stored for a batch: as many updates as came, plus at most one mend."""

    text: str
    updates: tuple[Update, ...]
    mend: Update | None = None

    @property
    def all_updates(self) -> tuple[Update, ...]:
        """The updates every window has to see, in order."""
        return (*self.updates, self.mend) if self.mend else self.updates


def apply_batch(text: str, updates: Sequence[Update]) -> Batch:
    """Apply updates in order. Raises BadChangesError.

    An edit may cut an emoji in half and a later one complete it. Such halves cannot
    be stored, so the batch is kept as one equal replacement followed by empty
    updates; a half that stays is replaced, and the mend tells the editors so.
    """
    after = apply_changes(text, *[update.changes for update in updates])
    cleaned = clean_text(after)
    if cleaned == after and is_storable([update.changes for update in updates]):
        return Batch(after, tuple(updates))
    stored = _as_one(text, cleaned, updates)
    return Batch(cleaned, stored, None if cleaned == after else _mend(after, cleaned))


def _as_one(before: str, after: str, updates: Sequence[Update]) -> tuple[Update, ...]:
    length = utf16_length(after)
    unchanged: Changes = [length] if length else []
    first, *rest = updates
    inputs = {update.input for update in updates}
    # What came in different ways cannot be told apart any more.
    joint = first.input if len(inputs) == 1 else None
    return (
        Update(first.client, make_update(before, after), joint),
        *(Update(update.client, unchanged) for update in rest),
    )


def _mend(dirty: str, cleaned: str) -> Update:
    """Return the update that turns what the sender has into what is stored."""
    places = [at for at, character in enumerate(dirty) if character != cleaned[at]]
    start, end = places[0], places[-1] + 1
    return Update(
        SERVER_CLIENT, make_replacement(cleaned, start, end, cleaned[start:end])
    )
