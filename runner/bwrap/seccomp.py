"""Generates the seccomp filter as classic BPF for `bwrap --seccomp`."""

import errno
import struct
from functools import cache

from runner.bwrap.syscalls import ABSENT, ARCHITECTURES, NEWEST_KNOWN_CALL, Architecture

# struct seccomp_data: nr, arch, instruction pointer, then six 64-bit arguments.
_NR, _ARCH, _ARGUMENTS = 0, 4, 16

_LOAD, _JEQ, _JGT, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_EPERM = _ERRNO | errno.EPERM
_ENOSYS = _ERRNO | errno.ENOSYS
_EAFNOSUPPORT = _ERRNO | errno.EAFNOSUPPORT

_CLONE_NEW_ANY = 0x7E020000  # NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_SOCKET_FAMILIES = (1, 2, 10, 16)  # UNIX, INET, INET6, NETLINK
_PERSONALITIES = (0, 0xFFFFFFFF)  # ordinary, query
_X32_BIT = 0x40000000

Instruction = tuple[int, int, int, int]


@cache
def build_filter(machine: str, *, soft_memory: bool = False) -> bytes:
    """The filter for `machine`; KeyError for an architecture without a table.

    With `soft_memory` (no memory cgroup) memory that belongs to no process is denied
    as well, since the watchdog could not see it.
    """
    arch = ARCHITECTURES[machine]
    program = _check_architecture(arch)
    for number in ABSENT.values():
        program += _answer(number, _ENOSYS)
    denied = sorted(arch.denied.values())
    if soft_memory:
        denied += [arch.memfd_create, arch.shmget]
    for number in denied:
        program += _answer(number, _EPERM)
    program += _when(arch.clone, _deny_if_any_bit(0, _CLONE_NEW_ANY))
    program += _when(arch.ioctl, _deny_values(1, _TERMINAL_INJECTION))
    for number in (arch.socket, arch.socketpair):
        program += _when(number, _allow_only(0, _SOCKET_FAMILIES, _EAFNOSUPPORT))
    program += _when(arch.personality, _allow_only(0, _PERSONALITIES, _EPERM))
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def _check_architecture(arch: Architecture) -> list[Instruction]:
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_JEQ, 1, 0, arch.audit_arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
    ]
    if arch.has_x32:
        steps += [(_JGE, 0, 1, _X32_BIT), (_RETURN, 0, 0, _ENOSYS)]
    return [*steps, (_JGT, 0, 1, NEWEST_KNOWN_CALL), (_RETURN, 0, 0, _ENOSYS)]


def _answer(number: int, verdict: int) -> list[Instruction]:
    return [(_JEQ, 0, 1, number), (_RETURN, 0, 0, verdict)]


def _when(number: int, body: list[Instruction]) -> list[Instruction]:
    """Run `body`, which always returns, for one call only."""
    return [(_JEQ, 0, len(body), number), *body]


def _load_low_word(argument: int) -> Instruction:
    """Only the low 32 bits: the kernel ignores the high ones of these arguments."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)


def _deny_if_any_bit(argument: int, mask: int) -> list[Instruction]:
    return [
        _load_low_word(argument),
        (_JSET, 0, 1, mask),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _deny_values(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    steps = [_load_low_word(argument)]
    for value in values:
        steps += [(_JEQ, 0, 1, value), (_RETURN, 0, 0, _EPERM)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _allow_only(
    argument: int, values: tuple[int, ...], refusal: int
) -> list[Instruction]:
    steps = [_load_low_word(argument)]
    for value in values:
        steps += [(_JEQ, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, refusal)]
