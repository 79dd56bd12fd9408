"""pytest for the Python of browsers: one archive, from what the toolchain has anyway."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from tools.bootstrap.console import timed
from tools.bootstrap.paths import REQUIREMENTS, ROOT, TOOLCHAIN
from tools.bootstrap.stamps import fingerprint, forget, is_done, mark_done

ARCHIVE = ROOT / "static" / "vendor" / "python" / "pytest.zip"
RUNNER = ROOT / "interviews" / "browser_run.py"
PACKAGES = (
    "_pytest",
    "iniconfig",
    "packaging",
    "pluggy",
    "py.py",
    "pygments",
    "pytest",
)
# Of the hundreds of languages Pygments knows, those pytest shows.
_LEXERS = ("__init__.py", "_mapping.py", "diff.py", "python.py")
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def make_browser_tests() -> None:
    """Have static/vendor/python/pytest.zip; the toolchain must be built."""
    key = fingerprint([REQUIREMENTS / "toolchain.txt", RUNNER, Path(__file__)])
    if is_done("browser-tests", key, ARCHIVE):
        return
    forget("browser-tests")
    with timed("Packing pytest for the browser"):
        pack(TOOLCHAIN / "python", ARCHIVE)
    mark_done("browser-tests", key)


def pack(packages: Path, target: Path) -> None:
    """Write the archive; the same packages give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    with zipfile.ZipFile(fresh, "w") as archive:
        for file in _list_files(packages):
            _add(archive, file, str(file.relative_to(packages)))
        _add(archive, RUNNER, RUNNER.name)
    fresh.replace(target)


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, file.read_bytes())


def _list_files(packages: Path) -> Iterator[Path]:
    """Every file of the packages and of what says their versions, in order."""
    for top in sorted(packages.iterdir()):
        if top.name.partition("-")[0] not in PACKAGES:
            continue
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            is_lexer = file.parent.name == "lexers"
            is_wanted = file.suffix == ".py" or ".dist-info" in top.name
            if file.is_file() and is_wanted and (not is_lexer or file.name in _LEXERS):
                yield file
