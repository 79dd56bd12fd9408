"""Which paths a workspace takes."""

import unicodedata
from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _

from interviews.workspace.errors import BadPathError, PathTakenError

MAX_PATH_CHARS = 240
MAX_NAME_BYTES = 200
MAX_DEPTH = 16
# Control, format (bidi overrides), surrogate, private use, line and paragraph ends.
_REFUSED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def check_path(path: str, *, folders: Collection[str]) -> str:
    """Return the path in its one written form. Raises BadPathError with the reason."""
    path = unicodedata.normalize("NFC", path)
    if len(path) > MAX_PATH_CHARS:
        raise BadPathError(
            _("The name is too long: at most %(count)d characters.")
            % {"count": MAX_PATH_CHARS}
        )
    names = path.split("/")
    if len(names) > MAX_DEPTH:
        raise BadPathError(_("The folders are nested too deeply."))
    for name in names:
        _check_name(name)
    if len(names) < 2 or names[0] not in folders:
        raise BadPathError(_("A file belongs into the folder of a problem."))
    return path


def _check_name(name: str) -> None:
    if not name:
        raise BadPathError(_("A file needs a name."))
    if name in {".", ".."}:
        raise BadPathError(_("“.” and “..” cannot be used in a name."))
    if name != name.strip():
        raise BadPathError(_("A name cannot begin or end with a space."))
    if "\\" in name or any(
        unicodedata.category(character) in _REFUSED_CATEGORIES for character in name
    ):
        raise BadPathError(_("The name contains a character that is not allowed."))
    if len(name.encode()) > MAX_NAME_BYTES:
        raise BadPathError(_("The name is too long."))


def check_free(path: str, *, taken: Iterable[str]) -> None:
    """Raise PathTakenError if the path meets another one, in any case of letters.

    A file cannot have the name of a folder either.
    """
    wanted = _fold(path)
    for other in map(_fold, taken):
        if other == wanted:
            raise PathTakenError(_("There is already a file of this name."))
        if other.startswith(f"{wanted}/"):
            raise PathTakenError(_("There is already a folder of this name."))
        if wanted.startswith(f"{other}/"):
            raise PathTakenError(_("A file has the name of this folder."))


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
