"""Runs inside a probe sandbox, read as text by the doctor: reports what it can do.

Standard library only. Arguments: nonce, canary path, port, the runner's pid, "soft".
"""

import ctypes
import errno
import fcntl
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial

NONCE, CANARY, PORT, OUTER_PID, SOFT = sys.argv[1:6]
SYS_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}

libc = ctypes.CDLL(None, use_errno=True)


def status_field(name: str) -> str:
    with open("/proc/self/status") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    return ""


def is_refused(action: Callable[[], None], *numbers: int) -> bool:
    try:
        action()
    except OSError as error:
        return not numbers or error.errno in numbers
    return False


def make_vsock() -> None:
    socket.socket(40, socket.SOCK_STREAM).close()


def unshare_user() -> None:
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def inject_terminal_input() -> None:
    fcntl.ioctl(0, 0x5412, b"x")


def connect_out() -> None:
    socket.create_connection(("127.0.0.1", int(PORT)), timeout=2).close()


def make_memfd() -> None:
    number = SYS_MEMFD_CREATE[os.uname().machine]
    if libc.syscall(number, b"x", 0) < 0:
        raise OSError(ctypes.get_errno(), "memfd_create")


def write_file(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def can_read(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True


def environments_hold_nonce() -> bool:
    for entry in os.listdir("/proc"):  # noqa: PTH208 - small and fast
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/environ", "rb") as file:  # noqa: PTH123
                    if NONCE.encode() in file.read():
                        return True
            except OSError:
                continue
    return False


def open_descriptors() -> list[int]:
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - closes itself
        try:
            os.fstat(int(name))
        except OSError:
            continue
        found.append(int(name))
    return found


def sees_process(pid: int) -> bool:
    if not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
        return False
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        return b"runner" in file.read() and pid != os.getpid()


findings = {
    "uid is the candidate's": os.getuid() == 1000,
    "no capabilities": int(status_field("CapEff"), 16) == 0
    and int(status_field("CapBnd"), 16) == 0,
    "no new privileges": status_field("NoNewPrivs") == "1",
    "system call filter": status_field("Seccomp") == "2",
    "no nested user namespace": is_refused(unshare_user, errno.EPERM),
    "no vsock": is_refused(make_vsock, errno.EAFNOSUPPORT),
    "no terminal injection": is_refused(inject_terminal_input, errno.EPERM),
    "no connection to the machine": is_refused(connect_out),
    "no shadow file": not can_read("/etc/shadow"),
    "no files of the machine": not can_read(CANARY),
    "no environment of the runner": not environments_hold_nonce(),
    "no process of the machine": not sees_process(int(OUTER_PID)),
    "read-only root": all(
        is_refused(partial(write_file, path))
        for path in ("/probe", "/dev/probe", "/usr/probe", "/etc/probe", "/home/probe")
    ),
    "writable workspace": not is_refused(partial(write_file, "probe")),
    "no inherited descriptor": set(open_descriptors()) <= {0, 1, 2},
    "no unowned memory": SOFT != "soft" or is_refused(make_memfd, errno.EPERM),
}
print(json.dumps({"nonce": NONCE, "findings": findings}))  # noqa: T201
