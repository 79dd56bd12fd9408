"""Entry point of the set-up: `python3 -m tools.setup demo|test|…`.

This file must be readable by any Python 3, so that an old one gets a sentence.
"""

import os
import shutil
import sys

NEEDED = (3, 11)
KNOWN = (14, 13, 12, 11)


def use_newer_python() -> None:
    """Start again under a Python that is new enough, or say that there is none."""
    for minor in KNOWN:
        other = shutil.which("python3.%d" % minor)  # noqa: UP031 -- old Pythons read this
        if other:
            os.execv(other, [other, "-m", "tools.setup"] + sys.argv[1:])  # noqa: S606, RUF005 -- same
    text = (
        "InterviewLM needs Python 3.11 or newer; this is Python {}.{}.\n"
        "Install a newer one, or name it: make demo PYTHON=/path/to/python3.11"
    )
    sys.exit(text.format(*sys.version_info[:2]))


if __name__ == "__main__":
    if sys.version_info < NEEDED:
        use_newer_python()
    from tools.bootstrap.cli import main

    sys.exit(main(sys.argv[1:]))
