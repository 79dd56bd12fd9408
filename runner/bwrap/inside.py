"""The first program inside a sandbox: waits for its one job, then becomes it.

Read as text by the runner and run by the machine's own Python with -I -S, so that it
starts before there is a job and nothing of a candidate is imported. Arguments: the
control socket and the report pipe. It has the candidate's rights and limits, so paths
and links inside lead nowhere that the program itself could not go.

The job comes as two descriptors on the control socket: a file laid out by
`runner.bwrap.handover.pack_job`, and what the program reads. Private modules are
imported, and `pathlib` and `contextlib` are not, where that would cost more time than
many a program takes.
"""
# ruff: noqa: FBT003, PTH103, PTH108, PTH109, PTH118, PTH120, S606, SIM105

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # has no stub
import _socket
import errno
import os
import resource
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

WORKSPACE = b"/home/candidate"
SHELL = "/bin/sh"
READY = b"ready\n"
ENDED_EARLY, DID_NOT_FIT, NO_FOLDER, NOT_EXECUTABLE, NOT_FOUND = 0, 3, 4, 126, 127
PR_SET_DUMPABLE = 4


def receive(control: int) -> list[int] | None:
    """[the job, its standard input], or None when the runner let go of us."""
    channel = _socket.socket(fileno=control)
    channel.send(b"w")
    data, messages, _flags, _address = channel.recvmsg(1, _socket.CMSG_SPACE(8))
    channel.close()
    if not data or not messages:
        return None
    numbers = messages[0][2]
    return [int.from_bytes(numbers[at : at + 4], sys.byteorder) for at in (0, 4)]


def read_job(fd: int) -> tuple[int, list[list[bytes]]]:
    """(size of the head, its lists); the contents of the files follow in `fd`."""
    with open(fd, "rb", closefd=False, buffering=0) as file:
        head = file.readline(20)
        words = iter(file.read(int(head)).split(b"\0"))
    size = len(head) + int(head)
    return size, [[next(words) for _ in range(int(next(words)))] for _ in range(7)]


def put_files(fd: int, offset: int, files: list[bytes]) -> None:
    for line in files:
        mode, size, path = line.split(b" ", 2)
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, 0o755, exist_ok=True)
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, int(mode, 8))
        end = offset + int(size)
        while offset < end:
            sent = os.sendfile(target, fd, offset, end - offset)
            if not sent:
                raise OSError(errno.EIO, "cut short")
            offset += sent
        os.close(target)


def lower_limits(limits: list[bytes]) -> None:
    for line in limits:
        name, soft, hard = line.decode().split()
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (int(soft), int(hard)))


def become(argv: list[bytes], env: dict[bytes, bytes]) -> NoReturn:
    """Never returns: the program takes our place."""
    # The interpreter ignores some, and whatever started the runner may ignore others.
    for number in range(1, _signal.NSIG):
        if _signal.getsignal(number) == _signal.SIG_IGN:
            _signal.signal(number, _signal.SIG_DFL)
    name, reason = argv[0], errno.ENOENT
    folders = [b""] if b"/" in name else env[b"PATH"].split(b":")
    for folder in folders:
        path = os.path.join(folder, name)
        try:
            os.execve(path, argv, env)
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execve(SHELL, [b"sh", path, *argv[1:]], env)
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                reason = errno.EACCES
    is_missing = reason == errno.ENOENT
    what = b"not found" if is_missing else b"cannot be executed"
    put(2, name + b": " + what + b"\n")
    os._exit(NOT_FOUND if is_missing else NOT_EXECUTABLE)


def run_and_hand_out(
    argv: list[bytes],
    env: dict[bytes, bytes],
    collect: list[bytes],
    report: int,
    limit: int,
) -> NoReturn:
    """Run the program as a child, end everything else, and tell what it left."""
    import ctypes  # noqa: PLC0415 - slow, and needed only here

    # Else the program could open our report pipe through /proc.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    child = os.fork()
    if child == 0:
        become(argv, env)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.kill(-1, _signal.SIGKILL)
    except ProcessLookupError:
        pass
    for index, path in enumerate(collect):
        data = read_result(path, limit)
        if data is not None:
            put(report, b"%d %d\n" % (index, len(data)) + data)
    os._exit(code if code >= 0 else 128 - code)


def read_result(path: bytes, limit: int) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        pieces = []
        while limit > 0:
            piece = os.read(fd, min(limit, 1 << 16))
            if not piece:
                break
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)
    except OSError:
        return None
    finally:
        os.close(fd)


def put(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def forget_results(paths: list[bytes]) -> None:
    """In a home that outlives a run, what is collected must be this run's own."""
    for path in paths:
        try:
            os.unlink(path)
        except OSError:
            pass


def main() -> NoReturn:
    control, report = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(control, False)
    os.set_inheritable(report, False)
    os.umask(0o022)
    received = receive(control)
    if received is None:
        os._exit(ENDED_EARLY)
    job, stdin = received
    offset, lists = read_job(job)
    (cwd, limit), argv, variables, collect, limits, files, flags = lists
    try:
        put_files(job, offset, files)
        if cwd and not flags:
            os.makedirs(cwd, 0o755, exist_ok=True)
    except OSError:
        os._exit(DID_NOT_FIT)
    collect = [WORKSPACE + b"/" + path for path in collect]
    if flags:
        forget_results(collect)
    os.close(job)
    env = dict(os.environb)
    for line in variables:
        name, _, value = line.partition(b"=")
        env[name] = value
    try:
        os.chdir(cwd or b".")
        env[b"PWD"] = os.getcwdb()
    except OSError:
        os._exit(NO_FOLDER)
    os.dup2(stdin, 0)
    os.close(stdin)
    lower_limits(limits)
    put(report, READY)
    if collect:
        run_and_hand_out(argv, env, collect, report, int(limit))
    become(argv, env)


main()
