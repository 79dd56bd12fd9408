"""The small step inside the sandbox that puts files in, runs, and hands files out.

Unpacking and reading back happen inside, with the candidate's rights and limits, so
the host never follows a path that a candidate could have made a link.
"""

import base64
import binascii
import io
import tarfile
import time
from collections.abc import Sequence

from runner.bwrap.arguments import WORKSPACE
from runner.bwrap.host import Tools
from runner.limits import COLLECT_FILE_BYTES
from runner.protocol import CollectedFile, InputFile

READY = b"ready\n"

# Descriptors 7 to 9 stay free for the script: passed ones are numbered from here.
LOWEST_PASSED_FD = 20

# `exec --` in a subshell runs programs only, never shell builtins. Before files are
# handed out everything else inside is killed, so nothing changes them meanwhile.
_SCRIPT = """\
tar=$1 report=$2 cwd=$3 count=$4; shift 4
exec 7<&"$tar" 8>&"$report" {tar}<&- {report}>&-
tar -xf - -C WORKSPACE --no-same-owner <&7 2>/dev/null || exit 1
exec 7<&-
cd -- "WORKSPACE/$cwd" 2>/dev/null || exit 1
unset OLDPWD SHLVL
collect=("${@:1:count}"); shift "$count"
echo ready >&8
if [ "$count" = 0 ]; then exec 8>&-; exec -- "$@"; fi
exec 9>&2 2>/dev/null
(exec 2>&9 8>&- 9>&-; exec -- "$@")
code=$?
kill -KILL -1
index=0
for path in "${collect[@]}"; do
  if [ -f "WORKSPACE/$path" ]; then
    printf '%s ' "$index" >&8
    head -c LIMIT -- "WORKSPACE/$path" </dev/null | base64 -w0 >&8
    echo >&8
  fi
  index=$((index + 1))
done
exit "$code"
""".replace("WORKSPACE", WORKSPACE).replace("LIMIT", str(COLLECT_FILE_BYTES + 1))


def build_supervisor(
    tools: Tools,
    *,
    files_fd: int,
    report_fd: int,
    cwd: str,
    collect: Sequence[str],
    argv: Sequence[str],
) -> list[str]:
    """The command inside: unpack, say `ready`, run `argv`, hand out `collect`."""
    shell = [str(tools.bash), "--noprofile", "--norc", "-c", _SCRIPT, "run"]
    numbers = [str(files_fd), str(report_fd)]
    return [*shell, *numbers, cwd, str(len(collect)), *collect, *argv]


def report_limit(collect: Sequence[str]) -> int:
    """How many bytes an honest report can have; more is cut."""
    return len(READY) + len(collect) * (COLLECT_FILE_BYTES * 4 // 3 + 64)


def pack_files(files: Sequence[InputFile], cwd: str) -> bytes:
    """The files and their folders as one tar archive."""
    folders: dict[str, None] = {}
    for path in [item.path for item in files] + ([f"{cwd}/."] if cwd else []):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folders["/".join(parts[:depth])] = None
    now = int(time.time())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in folders:
            archive.addfile(_entry(folder, now, mode=0o755, kind=tarfile.DIRTYPE))
        for item in files:
            mode = 0o755 if item.data.startswith(b"#!") else 0o644
            entry = _entry(item.path, now, mode=mode)
            entry.size = len(item.data)
            archive.addfile(entry, io.BytesIO(item.data))
    return buffer.getvalue()


def _entry(
    path: str, now: int, *, mode: int, kind: bytes = tarfile.REGTYPE
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode, entry.mtime, entry.type = mode, now, kind
    return entry


def parse_report(report: bytes, collect: Sequence[str]) -> tuple[CollectedFile, ...]:
    """The files handed out; lines that are not as agreed are left out."""
    found: dict[str, CollectedFile] = {}
    for line in report.removeprefix(READY).split(b"\n"):
        index, separator, encoded = line.partition(b" ")
        if not separator or not index.isdigit() or len(index) > 3:
            continue
        position = int(index)
        if position >= len(collect):
            continue
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        found[collect[position]] = CollectedFile(
            path=collect[position],
            data=data[:COLLECT_FILE_BYTES],
            truncated=len(data) > COLLECT_FILE_BYTES,
        )
    return tuple(found.values())
