"""What a model asks for in one edit, read and checked for its shape."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

MOST_FILES = 10
MOST_HUNKS = 50
MOST_CHARS = 100_000


class EditError(ValueError):
    """An edit that can not be proposed; the words are for the model."""


class TextEdit(BaseModel):
    """One exact replacement; `line` says which of several alike is meant."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    old_text: str
    new_text: str
    line: int | None = None


class FileEdit(BaseModel):
    """What becomes of one file: replacements, a whole new text, or its end."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str
    hunks: list[TextEdit] | None = None
    text: str | None = None
    delete: bool | None = None

    @property
    def size(self) -> int:
        """How many characters it brings along."""
        texts = [hunk.old_text + hunk.new_text for hunk in self.hunks or ()]
        return sum(map(len, texts)) + len(self.text or "")


def read_edits(edits: Sequence[Any]) -> list[FileEdit]:
    """Return the edits of a call, one for each file. Raises EditError."""
    try:
        files = [FileEdit.model_validate(item) for item in edits]
    except (ValidationError, TypeError):
        raise EditError(
            "Each edit needs a path and one of: hunks (each with old_text and "
            "new_text), text (the whole file), or delete: true."
        ) from None
    if not files:
        raise EditError("There is no edit.")
    if len(files) > MOST_FILES:
        raise EditError(f"At most {MOST_FILES} files in one edit.")
    if sum(file.size for file in files) > MOST_CHARS:
        raise EditError(f"At most {MOST_CHARS} characters in one edit.")
    if sum(len(file.hunks or ()) for file in files) > MOST_HUNKS:
        raise EditError(f"At most {MOST_HUNKS} replacements in one edit.")
    paths = [file.path for file in files]
    for file in files:
        if paths.count(file.path) > 1:
            raise EditError(f"{file.path} is there twice: put its hunks together.")
        asked = [bool(file.hunks), file.text is not None, bool(file.delete)]
        if sum(asked) != 1:
            raise EditError(f"{file.path}: give hunks, or text, or delete: true.")
    return files
