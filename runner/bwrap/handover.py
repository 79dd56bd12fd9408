"""How a job goes into a sandbox that waits for it, and what comes back beside output.

Unpacking and reading back happen inside (`runner/bwrap/inside.py`), with the
candidate's rights and limits, so the host never follows a path that a candidate could
have made a link.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from runner.bwrap.host import Tools
from runner.limits import COLLECT_FILE_BYTES
from runner.protocol import CollectedFile
from runner.sandbox import Job

READY = b"ready\n"
# Exit codes of the first program before it says READY.
DID_NOT_FIT, NO_FOLDER = 3, 4

PROGRAM_PATH = "/opt/start.py"

_RESULT_HEAD = re.compile(rb"(\d{1,3}) (\d{1,9})\n")


@cache
def read_program() -> bytes:
    """The source of the first program inside."""
    return Path(__file__).with_name("inside.py").read_bytes()


def build_supervisor(tools: Tools, *, control_fd: int, report_fd: int) -> list[str]:
    """The command inside: wait for the job, say READY, run it, hand out files."""
    return [
        str(tools.python),
        *("-I", "-S"),
        PROGRAM_PATH,
        f"{control_fd}",
        f"{report_fd}",
    ]


def pack_job(job: Job, limits: Sequence[str]) -> bytes:
    """The job as `inside.py` reads it: the length of a head, the head, file contents.

    The head is seven lists of NUL-separated words, each led by its length. `limits`
    are lines "NAME soft hard" of what is set lower than the sandbox started with.
    """
    lists: tuple[Sequence[str], ...] = (
        (job.cwd, str(COLLECT_FILE_BYTES + 1)),
        job.argv,
        [f"{name}={value}" for name, value in job.env.items()],
        job.collect,
        limits,
        [
            f"{'755' if item.data.startswith(b'#!') else '644'} {len(item.data)} "
            f"{item.path}"
            for item in job.files
        ],
        ("home",) if job.home else (),
    )
    words = [word for each in lists for word in (str(len(each)), *each)]
    head = "\0".join(words).encode()
    return b"".join([b"%d\n" % len(head), head, *(item.data for item in job.files)])


def report_limit(collect: Sequence[str]) -> int:
    """How many bytes an honest report can have; more is cut."""
    return len(READY) + len(collect) * (COLLECT_FILE_BYTES + 64)


def parse_report(report: bytes, collect: Sequence[str]) -> tuple[CollectedFile, ...]:
    """The files handed out, in order; what is not as agreed ends the reading."""
    found: dict[int, CollectedFile] = {}
    at = len(READY) if report.startswith(READY) else len(report)
    while match := _RESULT_HEAD.match(report, at):
        index, size = int(match[1]), int(match[2])
        data = report[match.end() : match.end() + size]
        if index >= len(collect) or index in found or len(data) != size:
            break
        found[index] = CollectedFile(
            path=collect[index],
            data=data[:COLLECT_FILE_BYTES],
            truncated=size > COLLECT_FILE_BYTES,
        )
        at = match.end() + size
    return tuple(found.values())
