"""`make check`: everything a reviewer would otherwise have to say."""

import argparse
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bootstrap.console import duration, say
from tools.bootstrap.frontend import find_node, node_env
from tools.bootstrap.paths import ROOT, VAR, VENV
from tools.checks import locks, sizes

BIN = VENV / "bin"
NOT_OURS = {".git", ".venv", "node_modules", "var"}
PYTHON_FOLDERS = "accounts assistant base bench billing interviewlm interviews"
PYTHON_FOLDERS += " recordings runner tests tools manage.py"


@dataclass(frozen=True, slots=True)
class Check:
    """A tool, its command line, and how it mends what it can."""

    name: str
    argv: Sequence[str | Path]
    fix: Sequence[str | Path] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def checks() -> list[Check]:
    """Return the tools in the order of how quickly they answer."""
    folders = [name for name in PYTHON_FOLDERS.split() if (ROOT / name).exists()]
    manage = [sys.executable, "manage.py"]
    files = tracked_files()
    templates = [name for name in files if is_template(name)]
    ruff, djade = BIN / "ruff", BIN / "djade"
    biome = ROOT / "node_modules" / ".bin" / "biome"
    scripts = ["static/js", "frontend", "tests/js"]
    node = find_node()
    return [
        Check("format", [ruff, "format", "--check", "."], [ruff, "format", "."]),
        Check("lint", [ruff, "check", "."], [ruff, "check", "--fix", "."]),
        Check("typos", [BIN / "typos", "--force-exclude", *files]),
        Check(
            "templates",
            [djade, "--target-version", "5.2", "--check", *templates],
            [djade, "--target-version", "5.2", *templates],
        ),
        Check(
            "JavaScript",
            [biome, "ci", *scripts],
            [biome, "check", "--write", *scripts],
            node_env(node) if node else {},
        ),
        Check("imports", [BIN / "lint-imports"]),
        Check("types", [BIN / "mypy", *folders]),
        Check(
            "migrations",
            [*manage, "makemigrations", "--check", "--dry-run"],
            env=production_env(),
        ),
        Check(
            "deployment",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            env=production_env(),
        ),
    ]


def production_env() -> dict[str, str]:
    """Return what a production machine would set, with a key of the moment."""
    return {
        "DJANGO_SETTINGS_MODULE": "interviewlm.settings",
        "INTERVIEWLM_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "PUBLIC_URL": "https://interviews.example.org",
        "VAR_DIR": str(VAR / "check"),
    }


def tracked_files() -> list[str]:
    """Return the files of the project, committed or about to be."""
    argv = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(  # noqa: S603 -- our own command line
            argv, cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return files_without_git()
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def files_without_git() -> list[str]:
    """Return the files of a project that was downloaded, not cloned."""
    tops = [path for path in ROOT.iterdir() if path.name not in NOT_OURS]
    below = [path for top in tops for path in [top, *top.rglob("*")]]
    return sorted(str(path.relative_to(ROOT)) for path in below if path.is_file())


def is_template(name: str) -> bool:
    """Return whether djade formats the file."""
    return "templates/" in name and name.endswith((".html", ".txt"))


def run(check: Check, *, is_fixing: bool) -> bool:
    """Run one tool; print its output only if it has something to say."""
    argv = check.fix if is_fixing and check.fix else check.argv
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603 -- our own command lines
        [str(part) for part in argv],
        cwd=ROOT,
        env=os.environ | dict(check.env),
        capture_output=True,
        text=True,
        check=False,
    )
    return report(
        check.name,
        [] if done.returncode == 0 else [done.stdout + done.stderr],
        time.monotonic() - begun,
    )


def report(name: str, problems: Iterable[str], seconds: float) -> bool:
    """Print one line for the check and its problems; return whether it is clean."""
    found = list(problems)
    say(f"  {name}: {'failed' if found else 'ok'} ({duration(seconds)})")
    for problem in found:
        say(problem.rstrip())
    return not found


def main(arguments: Sequence[str]) -> int:
    """Run every check, whatever the others say; return the exit code."""
    parser = argparse.ArgumentParser(prog="check", description=__doc__)
    parser.add_argument("--fix", action="store_true", help="mend what tools can mend")
    options = parser.parse_args(arguments)
    files = tracked_files()
    results = [run(check, is_fixing=options.fix) for check in checks()]
    results.append(report("lock files", locks.problems(ROOT), 0))
    results.append(report("file sizes", sizes.problems(ROOT, files), 0))
    failed = results.count(False)
    say(
        f"{failed} of {len(results)} checks failed." if failed else "All checks passed."
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
