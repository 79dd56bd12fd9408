"""`make lock`: compile the pinned, hashed files anew from what is asked for."""

import sys
from pathlib import Path

from tools.bootstrap.commands import run
from tools.bootstrap.console import SetupError, refuse, timed
from tools.bootstrap.frontend import make_node, node_env
from tools.bootstrap.paths import PINS, REQUIREMENTS, ROOT, UV
from tools.bootstrap.python_env import make_uv


def main() -> int:
    """Write requirements/*.txt, tools/pins/*.txt and package-lock.json."""
    try:
        make_uv()
        for folder in (REQUIREMENTS, PINS):
            for source in sorted(folder.glob("*.in")):
                compile_python(source.name, folder)
        node = make_node()
        with timed("package-lock.json"):
            run(
                [*node.npm, "install", "--package-lock-only", "--ignore-scripts"],
                log="lock-npm",
                failure="package-lock.json could not be written.",
                env=node_env(node),
                cwd=ROOT,
            )
    except SetupError as error:
        refuse(error)
        return 1
    return 0


def compile_python(name: str, folder: Path) -> None:
    """Compile one .in file, in its folder so that no path of the machine appears."""
    target = name.replace(".in", ".txt")
    argv = [UV, "pip", "compile", "--generate-hashes", "--no-header"]
    argv += ["--python-version", "3.11", "--upgrade", name, "-o", target]
    with timed(target):
        run(argv, log=f"lock-{target}", failure=f"{target} failed.", cwd=folder)


if __name__ == "__main__":
    sys.exit(main())
