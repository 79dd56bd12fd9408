"""pytest for the browser's Python is packed from what the toolchain has."""

import zipfile
from pathlib import Path

import pytest

from runner.toolchain.build import build
from tools.bootstrap.browser import pack
from tools.bootstrap.paths import TOOLCHAIN


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build(TOOLCHAIN)
    target = tmp_path_factory.mktemp("vendor") / "python" / "pytest.zip"
    pack(TOOLCHAIN / "python", target)
    return target


def test_archive_has_pytest_and_what_calls_it(archive: Path) -> None:
    with zipfile.ZipFile(archive) as found:
        names = set(found.namelist())

    assert {"pytest/__init__.py", "pluggy/__init__.py", "browser_run.py"} <= names
    assert any(name.startswith("pytest-") for name in names)
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    assert not [name for name in names if name.startswith("ruff")]
    assert archive.stat().st_size < 1_500_000


def test_same_packages_give_the_same_archive(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "pytest.zip"
    pack(TOOLCHAIN / "python", again)

    assert again.read_bytes() == archive.read_bytes()
