"""A shell on a terminal: what a person does at it."""

import shutil
from pathlib import Path

import pytest

from interviews.runner_client import RunnerClient, RunnerUnavailable
from tests.runner.terminals.desk import Desk, Driving, Ended, Resized


async def test_shell_starts_in_the_folder_with_nothing_of_the_machine(
    desk: Desk,
) -> None:
    async with desk.open(cwd="task", rows=30, cols=200) as seat:
        assert seat.session.is_new
        await seat.run("unalias ls grep")
        said = await seat.run(
            "pwd; tty; stty size; id -u; ls /proc/self/fd; echo $TERM; ls -A /root;"
            " cat /proc/1/environ; echo; grep -E 'NoNewPrivs|Seccomp:|CapEff'"
            " /proc/self/status"
        )

    words = said.split()
    assert words[:5] == ["/home/candidate/task", "/dev/console", "30", "200", "1000"]
    assert words[5:9] == ["0", "1", "2", "3"]  # 3 is the folder read
    assert "xterm-256color" in words
    assert "'/root': No such file" in said
    assert "PATH=/usr/bin:/bin\0PWD=/\0" in said
    assert words[-6:] == [
        *("CapEff:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2")
    ]


async def test_toolchain_and_languages_are_there(desk: Desk) -> None:
    async with desk.open() as seat:
        said = await seat.run("pytest --version; python3 -c 'print(6*7)'; type java")

    assert "pytest" in said
    assert "42" in said


async def test_keys_are_echoed_and_edited(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("echo ab")
        await seat.see(b"echo ab")
        await seat.keys("\x7fc\r")

        await seat.see(b"\r\n", b"ac\r\n")


async def test_interrupt_ends_what_runs_and_the_shell_goes_on(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("sleep 300\r")
        await seat.see(b"sleep 300\r\n")
        await seat.keys("\x03")
        await seat.see(b"^C", b"$ ")

        assert await seat.run("echo $?") == "130\n"


async def test_interrupt_in_a_flood_brings_the_prompt_back(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("yes flood\r")
        await seat.see(b"flood\r\n" * 1000)
        await seat.keys("\x03")
        await seat.see(b"^C", b"$ ")

        assert await seat.run("echo alive") == "alive\n"


async def test_job_is_stopped_listed_and_brought_back(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("sleep 300\r")
        await seat.see(b"sleep 300\r\n")
        await seat.keys("\x1a")
        await seat.see(b"Stopped", b"$ ")
        assert "Stopped" in await seat.run("jobs")
        await seat.keys("fg\r")
        await seat.see(b"fg\r\n", b"sleep 300\r\n")
        await seat.keys("\x03")
        await seat.see(b"^C", b"$ ")

        assert await seat.run("jobs") == ""


@pytest.mark.parametrize(
    ("name", "says"),
    [("INT", b"\r\n"), ("TSTP", b"Stopped"), ("QUIT", b"Quit")],
    ids=["interrupt", "stop", "quit"],
)
async def test_signal_reaches_the_program_in_front(
    desk: Desk, name: str, says: bytes
) -> None:
    async with desk.open() as seat:
        await seat.keys("echo begun; sleep 300\r")
        await seat.see(b"\r\n", b"begun\r\n")
        await seat.session.signal(name)  # type: ignore[arg-type]

        await seat.see(says, b"$ ")
        assert await seat.run("echo alive") == "alive\n"


async def test_resize_is_seen_by_programs_and_by_everybody(desk: Desk) -> None:
    async with desk.open() as seat, desk.sit(role="viewer") as viewer:
        await seat.keys("trap 'stty size' WINCH\r")
        await seat.see(b"WINCH\r\n", b"$ ")
        await seat.session.resize(40, 132)
        await seat.see(b"40 132\r\n")

        assert await viewer.until_frame(Resized) == Resized(40, 132)
        assert (viewer.session.rows, viewer.session.cols) == (24, 80)


@pytest.mark.parametrize(
    ("rows", "cols", "seen"),
    [(0, 0, "1 1"), (-5, 10**9, "1 500"), (99_999, 99_999, "500 500")],
    ids=["nothing", "negative", "absurd"],
)
async def test_size_is_clamped(desk: Desk, rows: int, cols: int, seen: str) -> None:
    async with desk.open() as seat:
        await seat.session.resize(rows, cols)

        frame = await seat.until_frame(Resized)
        assert f"{frame.rows} {frame.cols}" == seen
    async with desk.sit(rows=24, cols=80) as again:
        assert await again.run("stty size") == "24 80\n"


@pytest.mark.skipif(not shutil.which("vim"), reason="this machine has no vim")
async def test_editor_writes_a_file(desk: Desk) -> None:
    async with desk.open(cwd="task") as seat:
        await seat.keys("vim -u NONE note.txt\r")
        await seat.see(b"note.txt")
        await seat.keys("ihello\x1b:wq\r")
        await seat.see(b"written", b"$ ")

        assert await seat.run("cat note.txt") == "hello\n"


async def test_interpreter_answers_line_by_line(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("python3 -q\r")
        await seat.see(b">>> ")
        await seat.keys("6*7\r")
        await seat.see(b"42\r\n", b">>> ")
        await seat.keys("\x04")

        await seat.see(b"$ ")


async def test_output_of_any_bytes_passes(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys(r"printf '\xff\x00\x1b]0;title\x07\x1b]52;c;aGk=\x07'" "\r")

        await seat.see(b"\r\n", b"\xff\x00\x1b]0;title\x07\x1b]52;c;aGk=\x07")


async def test_exit_is_told_and_the_next_driver_starts_anew(desk: Desk) -> None:
    async with desk.open() as seat, desk.sit(role="viewer") as viewer:
        await seat.keys("exit 3\r")

        assert await seat.ended() == Ended(3, "exit")
        assert await viewer.ended() == Ended(3, "exit")
    async with desk.open() as again:
        assert again.session.is_new
        assert again.session.offset == 0


async def test_terminals_are_apart_on_one_disk(desk: Desk) -> None:
    async with desk.open("1") as one, desk.open("2") as two:
        await one.run("mine=1; cd task; echo shared > file")

        assert await two.run('echo "[$mine]"; cat task/file') == "[]\nshared\n"


async def test_fourth_terminal_is_refused(desk: Desk) -> None:
    async with desk.open("1"), desk.open("2"), desk.open("3") as third:
        with pytest.raises(RunnerUnavailable) as refused:
            async with desk.sit("4"):
                pass
        await third.keys("exit\r")
        await third.ended()
        async with desk.open("4") as fourth:
            assert fourth.session.is_new

    assert refused.value.code == "terminal_limit"


async def test_only_the_newest_driver_types(desk: Desk) -> None:
    async with desk.open() as first, desk.sit(role="viewer") as viewer:
        async with desk.sit() as second:
            assert not second.session.is_new
            assert await first.until_frame(Driving) == Driving(is_driver=False)
            assert await first.keys("echo first\r") == 0
            assert await viewer.keys("echo viewer\r") == 0
            await first.session.resize(7, 7)
            await viewer.session.close_terminal()

            assert await second.run("stty size; echo second") == "24 80\nsecond\n"
        await viewer.see(b"second\r\n")

    assert b"first" not in bytes(viewer.seen)


@pytest.mark.parametrize("role", ["viewer", "recorder"])
async def test_only_a_driver_starts_a_shell(desk: Desk, role: str) -> None:
    with pytest.raises(RunnerUnavailable) as refused:
        async with desk.sit(role=role):
            pass

    assert refused.value.code == "no_terminal"


async def test_workspace_that_is_not_open_has_no_terminal(desk: Desk) -> None:
    await desk.close_workspace()

    with pytest.raises(RunnerUnavailable) as refused:
        async with desk.sit():
            pass

    assert refused.value.code == "workspace_closed"


async def test_older_claim_is_refused(desk: Desk, runner: Path) -> None:
    newer = Desk(RunnerClient(runner), type(desk.ref)(desk.ref.workspace, 2))
    async with newer.open():
        with pytest.raises(RunnerUnavailable) as refused:
            async with desk.sit():
                pass
    desk.ref = newer.ref

    assert refused.value.code == "stale_epoch"
