"""Group 28: what somebody hostile does at a terminal, or to it."""

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from interviews.runner_client import RunnerUnavailable, WorkspaceRef
from interviews.runner_client.terminals import Resized
from tests.runner.hostile.stage import Stage
from tests.runner.hostile.table import attempts
from tests.runner.terminals.desk import Desk, Seat

GROUP = 28
_REFUSED = attempts(
    GROUP,
    "terminal tricks",
    # Put keys into the terminal; paste from the machine's console; take the terminal.
    "fcntl.ioctl(0, 0x5412, b'x')",
    "call(16, 0, ctypes.c_ulong(0x5412 | 1 << 32), b'x')",
    "fcntl.ioctl(0, 0x541C, b'3')",
    "fcntl.ioctl(0, 0x540E, 1)",
    # Other terminals of the machine.
    "os.open('/dev/pts/0', os.O_RDWR)",
    "os.open('/dev/tty1', os.O_RDWR)",
    "open('/etc/shadow').read()",
    "socket.create_connection(('127.0.0.1', int('@PORT@')), 3)",
    "os.kill(int('@RUNNER@'), 9)",
)


@dataclass(frozen=True, slots=True)
class Attack:
    """Something done at a desk; it answers what is wrong, "" when it was contained."""

    name: str
    carry_out: Callable[[Stage, Desk], Awaitable[str]]

    @property
    def id(self) -> str:
        return f"{GROUP} {self.name}"


async def sit_down(stage: Stage, attack: Attack) -> str:
    """Carry the attack out in a workspace of its own, and close that."""
    desk = Desk(stage.client, WorkspaceRef(uuid4(), 1))
    async with stage.client.workspace(desk.ref, roots=["part"]) as session:
        try:
            return await attack.carry_out(stage, desk)
        except RunnerUnavailable as error:
            return f"the runner gave up: {error.message}"
        finally:
            await session.close_workspace()


async def _begin(stage: Stage, seat: Seat) -> None:
    """Whatever is started from here on can be found by its environment."""
    mark = stage.facts["MARK"]
    await seat.run(f"export {mark}={mark}")


async def _is_alive(seat: Seat) -> str:
    said = await seat.run("echo alive")
    return "" if said.endswith("alive\n") else f"the shell says {said[:200]!r}"


async def _interrupt_flood(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        for _flood in range(3):
            await seat.keys("yes flood\r")
            await seat.see(b"flood\r\n" * 1000)
            await seat.keys("\x03")
            await seat.see(b"^C", b"$ ")
        return await _is_alive(seat)


async def _flood_input(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        await seat.keys("stty -icanon -echo; echo begun; sleep 600\r")
        await seat.see(b"\r\n", b"begun\r\n")
        for _piece in range(100):
            taken = await seat.keys(b"x" * 10_000)
        if taken:
            return "took more than it may"
        await seat.keys("\x03")
        await seat.see(b"$ ")
        await seat.keys("stty sane\r")
        await seat.see(b"$ ")
        return await _is_alive(seat)


async def _resize_absurdly(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        for wish, size in (((0, 0), (1, 1)), ((99_999, 99_999), (500, 500))):
            await seat.session.resize(*wish)
            frame = await seat.until_frame(Resized)
            if (frame.rows, frame.cols) != size:
                return f"became {frame}"
        for number in range(300):
            await seat.session.resize(1 + number % 7, 80)
        await seat.session.resize(24, 80)
        return await _is_alive(seat)


async def _reconnect(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        await seat.run("kept=yes")
        end = seat.end
    for number in range(50):
        role = ("driver", "viewer", "recorder")[number % 3]
        async with desk.sit(role=role):
            pass
    async with desk.sit(after=end) as seat:
        said = await seat.run("echo $kept")
        return "" if said.endswith("yes\n") else "lost its shell"


async def _type_as_viewer(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat, desk.sit(role="viewer") as viewer:
        await _begin(stage, seat)
        if await viewer.keys("touch /tmp/was-here\r"):
            return "a viewer types"
        await viewer.session.signal("QUIT")
        await viewer.session.resize(9, 9)
        await viewer.session.close_terminal()
        said = await seat.run("ls /tmp/was-here; stty size")
        return "" if "No such" in said and "24 80" in said else f"was obeyed: {said}"


async def _print_anything(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        await seat.keys("head -c 3000000 /dev/urandom; reset -Q\r")
        await seat.keys("stty sane; unset PROMPT_COMMAND; PS1='$ '\r")
        return await _is_alive(seat)


async def _try_tricks(stage: Stage, desk: Desk) -> str:
    source = _REFUSED.argv[2]
    for name, value in stage.facts.items():
        source = source.replace(f"@{name}@", value)
    async with desk.open() as seat:
        await _begin(stage, seat)
        said = await seat.run(f"python3 -c {shlex.quote(source)}")
        if any(secret in said for secret in stage.secrets):
            return "saw a secret"
        words = said.split()[-_REFUSED_COUNT:]
        return "" if set(words) == {"refused"} else said[-400:]


_REFUSED_COUNT = len((_REFUSED.says or "").split())


async def _leave_daemons(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        await seat.run(
            "setsid sleep 999 & nohup sleep 999 >/dev/null 2>&1 & sleep 999 & disown -a"
        )
        await seat.run("(trap '' HUP TERM INT; setsid bash -c 'while :; do :; done' &)")
        await seat.session.close_terminal()
        return "" if (await seat.ended()).reason == "killed" else "was not killed"


async def _fork_bomb(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        await seat.keys("exec 2>&1; :(){ :|:& }; :; echo begun\r")
        await seat.see(b"\r\n", b"begun\r\n")
        async with desk.open("2") as other:
            # Processes are each terminal's own.
            if fault := await _is_alive(other):
                return fault
        await seat.session.close_terminal()
        return "" if (await seat.ended()).reason == "killed" else "was not killed"


async def _fill_disk(stage: Stage, desk: Desk) -> str:
    async with desk.open() as seat:
        await _begin(stage, seat)
        said = await seat.run(
            "for i in 1 2 3; do head -c 50000000 /dev/zero > ~/fill$i; done; rm ~/fill*"
        )
        return await _is_alive(seat) if "No space" in said else "the disk has no end"


ATTACKS = (
    Attack("interrupt in a flood", _interrupt_flood),
    Attack("input nobody reads", _flood_input),
    Attack("absurd sizes", _resize_absurdly),
    Attack("fifty reconnects", _reconnect),
    Attack("a viewer types", _type_as_viewer),
    Attack("random output", _print_anything),
    Attack("terminal tricks", _try_tricks),
    Attack("daemons", _leave_daemons),
    Attack("fork bomb", _fork_bomb),
    Attack("disk fill", _fill_disk),
)
