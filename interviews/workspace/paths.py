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

    A file cannot have the name of a folder either, and no folder is spelled in two ways.
    """
    wanted = _fold(path)
    spellings: dict[str, set[str]] = {}
    for taken_path in taken:
        other = _fold(taken_path)
        if other == wanted:
            raise PathTakenError(_("There is already a file of this name."))
        if other.startswith(f"{wanted}/"):
            raise PathTakenError(_("There is already a folder of this name."))
        if wanted.startswith(f"{other}/"):
            raise PathTakenError(_("A file has the name of this folder."))
        for folder in _list_folders(taken_path):
            spellings.setdefault(_fold(folder), set()).add(folder)
    for folder in _list_folders(path):
        known = spellings.get(_fold(folder), {folder})
        if folder not in known:
            raise PathTakenError(
                _("There is already a folder “%(name)s”.")
                % {"name": min(known).rpartition("/")[2]}
            )


def move_path(path: str, *, source: str, to: str) -> str:
    """Return where a path is once `source`, itself or a folder around it, is at `to`."""
    return to if path == source else f"{to}{path.removeprefix(source)}"


def is_within(path: str, folder: str) -> bool:
    """Say whether a path is somewhere in a folder."""
    return path.startswith(f"{folder}/")


def count_entries(paths: Iterable[str]) -> int:
    """Return how many entries of a disk these files take: themselves, and folders."""
    files = list(paths)
    folders = {folder for path in files for folder in _list_folders(path)}
    return len(files) + len(folders)


class TakenNames:
    """The names of a workspace, to ask about many paths what `check_free` asks of one."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """Take a path's name, and those of the folders it is in."""
        self._files.add(_fold(path))
        self._folders.update(_list_folders(_fold(path)))

    def is_free(self, path: str) -> bool:
        """Say whether the path meets no other one."""
        wanted = _fold(path)
        return (
            wanted not in self._files
            and wanted not in self._folders
            and self.has_place_for(path)
        )

    def has_place_for(self, path: str) -> bool:
        """Say whether no file stands where the path has a folder."""
        return self._files.isdisjoint(_list_folders(_fold(path)))


def pick_free_path(path: str, *, taken: Iterable[str]) -> str:
    """Return the path, or the first of `name_2.py`, `name_3.py`… that is free.

    Where a file has the name of its folder, none is: the path comes back as it is.
    """
    names = TakenNames(taken)
    folder, _slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    number = 1
    free = path
    while names.has_place_for(path) and not names.is_free(free):
        number += 1
        free = f"{folder}/{stem}_{number}{dot}{ending}"
    return free


def _list_folders(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
