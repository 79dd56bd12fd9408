"""Which paths a workspace takes."""

import pytest

from interviews.workspace.errors import BadPathError, PathTakenError
from interviews.workspace.paths import check_free, check_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ladder/a.py", "ladder/a.py"),
        ("ladder/deep/er/a b.py", "ladder/deep/er/a b.py"),
        ("ladder/.hidden", "ladder/.hidden"),
        ("ladder/cafe\u0301.py", "ladder/café.py"),
    ],
)
def test_check_path_takes(path: str, expected: str) -> None:
    assert check_path(path, folders=["ladder"]) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "ladder",
        "ladder/",
        "/ladder/a.py",
        "ladder//a.py",
        "ladder/../a.py",
        "ladder/./a.py",
        "../ladder/a.py",
        "other/a.py",
        "Ladder/a.py",
        "ladder/a\\b.py",
        "ladder/a\nb.py",
        "ladder/a\x00.py",
        "ladder/a\u202eyp.exe",
        "ladder/\ud800.py",
        "ladder/ a.py",
        "ladder/a.py ",
        "ladder/" + "a" * 240,
        "ladder/" + "漢" * 70,
        "ladder" + "/a" * 17,
    ],
    ids=ascii,
)
def test_check_path_refuses(path: str) -> None:
    with pytest.raises(BadPathError):
        check_path(path, folders=["ladder"])


@pytest.mark.parametrize(
    "path",
    [
        "ladder/A.py",
        "ladder/tests",
        "ladder/TESTS",
        "ladder/a.py/b.py",
        "ladder/STRASSE",
        "ladder/Tests/c.py",
        "ladder/TESTS/deep/c.py",
    ],
)
def test_check_free_sees_clashes(path: str) -> None:
    taken = ["ladder/a.py", "ladder/tests/b.py", "ladder/straße"]
    with pytest.raises(PathTakenError):
        check_free(path, taken=taken)


def test_check_free_allows_neighbours() -> None:
    check_free("ladder/tests/c.py", taken=["ladder/a.py", "ladder/tests/b.py"])
