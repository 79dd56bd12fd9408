"""Our own programs as the sandbox gets them: one archive that Python can execute."""

import io
import zipfile
from functools import cache
from pathlib import Path

from runner import languages
from runner.languages.registry import list_helpers

HELPERS = "/opt/languages"
ARCHIVE = f"{HELPERS}/helpers"

# Each program is a link to the archive; the name it was called by says which it is.
_MAIN = """\
import sys
from pathlib import Path

from runner.languages.registry import list_helpers

sys.exit(list_helpers()[Path(sys.argv[0]).name](sys.argv[1:]))
"""


@cache
def list_helper_names() -> tuple[str, ...]:
    """The names under which the archive is linked."""
    return tuple(list_helpers())


@cache
def pack_helpers(python: str) -> bytes:
    """An executable archive of this package for the interpreter at `python`.

    The interpreter is isolated: nothing in a candidate's folder takes a module's place.
    """
    packed = io.BytesIO()
    packed.write(f"#!{python} -I\n".encode())
    package = Path(languages.__file__).parent
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__main__.py", _MAIN)
        archive.writestr("runner/__init__.py", "")
        for path in sorted(package.rglob("*.py")):
            name = path.relative_to(package.parent.parent)
            archive.writestr(str(name), path.read_text(encoding="utf-8"))
    return packed.getvalue()
