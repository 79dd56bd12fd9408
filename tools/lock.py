"""`make lock`: compile the pinned, hashed files anew from what is asked for."""

import json
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
            complete_npm_lock(ROOT / "package-lock.json")
    except SetupError as error:
        refuse(error)
        return 1
    return 0


def complete_npm_lock(path: Path) -> None:
    """Add the platform packages that the registry at hand does not have.

    `npm ci` refuses a lock that leaves one of a package's optional dependencies
    out. Such an entry has no checksum: nobody here could fetch it.
    """
    lock = json.loads(path.read_text(encoding="utf-8"))
    packages = lock["packages"]
    for name, entry in list(packages.items()):
        for optional, version in entry.get("optionalDependencies", {}).items():
            key = f"node_modules/{optional}"
            if name and key not in packages:
                packages[key] = {
                    "version": version,
                    **{flag: True for flag in ("dev",) if entry.get(flag)},
                    "license": entry.get("license", ""),
                    "optional": True,
                    **_platform(optional),
                }
    lock["packages"] = dict(sorted(packages.items()))
    text = json.dumps(lock, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def _platform(name: str) -> dict[str, list[str]]:
    """Read system, processor and C library from a name such as cli-linux-x64-musl."""
    words = name.rpartition("/")[2].split("-")
    found: dict[str, list[str]] = {}
    for word in words:
        if word in {"android", "darwin", "linux", "win32"}:
            found["os"] = [word]
        elif word in {"arm64", "x64"}:
            found["cpu"] = [word]
        elif word == "musl":
            found["libc"] = [word]
    return found


def compile_python(name: str, folder: Path) -> None:
    """Compile one .in file, in its folder so that no path of the machine appears."""
    target = name.replace(".in", ".txt")
    argv = [UV, "pip", "compile", "--generate-hashes", "--no-header"]
    argv += ["--python-version", "3.11", "--upgrade", name, "-o", target]
    with timed(target):
        run(argv, log=f"lock-{target}", failure=f"{target} failed.", cwd=folder)


if __name__ == "__main__":
    sys.exit(main())
