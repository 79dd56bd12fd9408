"""The toolchain is built from pinned packages and found where it can be reached."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.toolchain.build import build
from runner.toolchain.packages import find_toolchain, list_packages
from tests.runner.conftest import ROOT


def test_toolchain_lists_what_candidates_find(toolchain: Path) -> None:
    found = {(each.name.lower(), each.language) for each in list_packages(toolchain)}

    assert {
        ("pytest", "python"),
        ("ruff", "python"),
        ("tsx", "typescript"),
        ("biome", "javascript"),
    } <= found


def test_second_build_does_nothing(toolchain: Path) -> None:
    assert build(toolchain) is False


def test_toolchain_can_be_read_but_not_changed_by_others(toolchain: Path) -> None:
    for path in toolchain.rglob("*"):
        if not path.is_symlink():
            mode = path.stat().st_mode
            assert mode & 0o022 == 0
            assert mode & 0o004


def test_toolchain_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert find_toolchain(None) is None
    assert find_toolchain(tmp_path) is None
    assert list_packages(None) == ()


def test_damaged_list_of_packages_is_empty(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"packages": [{"name": 1}]}'):
        (tmp_path / "toolchain.json").write_text(text)
        assert list_packages(tmp_path) == ()


ROOT_ONLY = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root hides a toolchain from others"
)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temporary directory, empty, where every account may read."""
    directory = Path(tempfile.mkdtemp(prefix="staging-"))
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """A toolchain below a private folder."""
    toolchain = tmp_path / "toolchain"
    (toolchain / "bin").mkdir(parents=True)
    (toolchain / "toolchain.json").write_text('{"digest": "abc", "packages": []}')
    tmp_path.chmod(0o700)
    return toolchain


@ROOT_ONLY
def test_copy_that_fails_leaves_nothing_behind(public: Path, hidden: Path) -> None:
    taken = public / "interviewlm-toolchain-abc"
    (taken / "of somebody else").mkdir(parents=True)

    assert find_toolchain(hidden) is None
    assert list(public.iterdir()) == [taken]


@ROOT_ONLY
def test_toolchain_below_a_private_folder_is_copied_out(
    public: Path, hidden: Path
) -> None:
    staged = find_toolchain(hidden)

    assert staged == public / "interviewlm-toolchain-abc"
    assert find_toolchain(hidden) == staged
    assert (staged / "bin").is_dir()


def test_lock_files_name_no_address() -> None:
    npm = (ROOT / "runner" / "toolchain" / "package-lock.json").read_text()
    # The other addresses in npm's lock are where to give money.
    assert '"resolved":' not in npm
    for name in ("toolchain.txt", "toolchain-node.txt"):
        assert "://" not in (ROOT / "requirements" / name).read_text()
