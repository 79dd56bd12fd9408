"""Terminals on record: once, in order, through the death of who records, within limits."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from base.clock import now
from billing.models import Usage
from interviews import live_terminals, terminal_recording
from interviews.consumers import terminal
from interviews.live_terminals import let_terminals_go
from interviews.live_workspaces import close_ended_workspaces
from interviews.models import Interview, Run, Terminal, TerminalRecording
from interviews.services.lifecycle import finish_interview
from interviews.services.terminals import (
    Recorded,
    RecordingLostError,
    Shell,
    claim_recording,
    find_workspace,
    keep_recording,
    store_blocks,
    store_ended,
    store_resized,
    store_started,
    take_recording,
)
from interviews.terminal_recording import finish_shells
from interviews.terminals import BLOCK_BYTES, keep_tail, pack_chunks, unpack_chunks
from tests.fakes.runner import FakeRunner
from tests.interviews.terminal.windows import (
    open_terminal,
    read_record,
    recorded_bytes,
    until_recorded,
    write_here,
)
from tests.interviews.workspace.windows import wait_until

OWNER = "this-process"


@pytest.fixture
def shell(interview: Interview) -> Shell:
    """A shell of an interview whose record this process keeps."""
    assert claim_recording(interview.pk, owner=OWNER)
    made = Shell("1", "runner", now(), 24, 80)
    store_started(interview.pk, made, owner=OWNER)
    return made


def block(number: int, data: bytes, offset: int = 0, cut: int = 0) -> Recorded:
    return Recorded(number, 1000 * number, offset, [(5, data)], 24, 80, cut)


def kinds(interview: Interview) -> list[str]:
    events = interview.events.filter(kind__startswith="terminal.").order_by("seq")
    return [
        kind.removeprefix("terminal.") for kind in events.values_list("kind", flat=True)
    ]


def test_packed_chunks_come_back_byte_for_byte() -> None:
    chunks = [(0, b"a\x00\xff\x1b[31m"), (999, b""), (1000, b"\xe2\x82")]

    assert unpack_chunks(pack_chunks(chunks)) == chunks
    with pytest.raises(ValueError, match="no block"):
        unpack_chunks("AAAA")


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (99, [(1, b"abc"), (2, b"def")]),
        (4, [(1, b"c"), (2, b"def")]),
        (2, [(2, b"ef")]),
    ],
    ids=["all", "across", "within"],
)
def test_tail_of_a_flood_is_kept(most: int, kept: list[tuple[int, bytes]]) -> None:
    assert keep_tail([(1, b"abc"), (2, b"def")], most) == kept


def test_block_that_comes_again_is_stored_once(
    interview: Interview, shell: Shell
) -> None:
    for number, data in ((0, b"one"), (0, b"one"), (1, b"two"), (0, b"one")):
        store_blocks(interview.pk, shell, [block(number, data)], owner=OWNER)
    store_started(interview.pk, shell, owner=OWNER)
    for _again in range(2):
        store_ended(interview.pk, "1", shell.id, code=0, reason="exit", owner=OWNER)

    assert kinds(interview) == ["started", "output", "output", "ended"]


def test_blocks_stored_together_are_in_their_order_and_once(
    interview: Interview, shell: Shell
) -> None:
    wide = replace(block(1, b"wide"), rows=30, cols=100)
    together = [block(0, b"one"), wide, wide, replace(wide, number=2)]
    store_blocks(interview.pk, shell, together, owner=OWNER)
    store_blocks(interview.pk, shell, together, owner=OWNER)

    assert kinds(interview) == ["started", "output", "resized", "output", "output"]
    assert TerminalRecording.objects.get().recorded_bytes > 0
    assert Terminal.objects.get().next_block == 3


def test_who_lost_the_lease_stores_nothing(interview: Interview, shell: Shell) -> None:
    take_recording(interview.pk, owner="another-process")

    for store in (
        partial(store_blocks, interview.pk, shell, [block(0, b"late")]),
        partial(store_resized, interview.pk, shell, 5, 5),
        partial(keep_recording, interview.pk),
    ):
        with pytest.raises(RecordingLostError):
            store(owner=OWNER)
    assert kinds(interview) == ["started"]


def test_lease_is_free_once_its_owner_is_silent(
    interview: Interview, shell: Shell
) -> None:
    assert not claim_recording(interview.pk, owner="another-process")
    TerminalRecording.objects.update(lease_until=now() - timedelta(seconds=1))
    assert claim_recording(interview.pk, owner="another-process")


def test_flood_is_cut_and_says_how_much(interview: Interview, shell: Shell) -> None:
    flood = b"y" * (3 * BLOCK_BYTES)
    store_blocks(interview.pk, shell, [block(0, flood, 10, cut=10)], owner=OWNER)

    payload = interview.events.get(kind="terminal.output").payload
    assert payload["size"] == BLOCK_BYTES
    assert payload["cut"] == 2 * BLOCK_BYTES + 10
    assert payload["offset"] == 10 + 2 * BLOCK_BYTES


def test_record_ends_at_the_limit_with_one_mark(
    interview: Interview, shell: Shell, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "terminal_recorded_bytes": 200}
    for number in range(4):
        store_blocks(interview.pk, shell, [block(number, b"x" * 350)], owner=OWNER)
    store_resized(interview.pk, shell, 30, 90, owner=OWNER)
    store_ended(interview.pk, "1", shell.id, code=0, reason="exit", owner=OWNER)

    assert kinds(interview) == [
        "started",
        "output",
        "output",
        "recording_full",
        "resized",
        "ended",
    ]


def test_size_is_on_record_when_it_changes(interview: Interview, shell: Shell) -> None:
    store_resized(interview.pk, shell, 24, 80, owner=OWNER)
    store_resized(interview.pk, shell, 30, 90, owner=OWNER)
    store_blocks(interview.pk, shell, [block(0, b"x")], owner=OWNER)

    sizes = interview.events.filter(kind="terminal.resized").values_list(
        "payload__rows", "payload__cols"
    )
    assert list(sizes) == [(30, 90), (24, 80)]


def test_next_shell_ends_one_that_a_restart_took(
    interview: Interview, shell: Shell
) -> None:
    store_started(interview.pk, Shell("1", "next-runner", now(), 24, 80), owner=OWNER)

    ended = interview.events.get(kind="terminal.ended").payload
    assert (ended["code"], ended["reason"]) == (None, "restart")
    assert kinds(interview) == ["started", "ended", "started"]


def test_sandbox_time_is_of_the_seconds_that_showed_something(
    interview: Interview, shell: Shell
) -> None:
    for number, started_ms in enumerate((0, 0, 1000, 90_000)):
        again = replace(block(number, b"x"), started_ms=started_ms)
        store_blocks(interview.pk, shell, [again], owner=OWNER)
    for _again in range(2):
        store_ended(interview.pk, "1", shell.id, code=0, reason="exit", owner=OWNER)

    assert [usage.quantity for usage in Usage.objects.all()] == [3000]


async def test_output_is_on_record_with_its_times(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview, rows=30, cols=100) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"first ", at_ms=100)
        await shell.print(b"second", at_ms=1200, cut=3)
        await shell.end("exit", 0)
        record = await until_recorded(interview, lambda record: len(record) == 4)
        await wait_until(lambda: not shell.blocks)

    assert [kind for kind, _payload in record] == [
        "terminal.started",
        "terminal.output",
        "terminal.output",
        "terminal.ended",
    ]
    assert record[0][1]["rows"] == 30
    second = record[2][1]
    assert (second["bytes"], second["offset"]) == (b"second", 6)
    assert (second["started_ms"], second["cut"]) == (1200, 3)


async def test_output_soon_after_other_output_is_on_record_without_more(
    interview: Interview, fake_runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_recording, "STORE_SECONDS", 0.2)
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        for data in (b"one ", b"two ", b"three"):
            await shell.print(data)
        record = await until_recorded(interview, lambda record: len(record) == 4)
        await wait_until(lambda: not shell.blocks)

    assert recorded_bytes(record) == b"one two three"


async def test_next_process_goes_on_where_a_killed_one_stopped(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"one ")
        await until_recorded(interview, lambda record: len(record) == 2)
        stored = list(shell.blocks)
    await let_terminals_go()
    # Stored, and killed before the runner heard of it.
    shell.blocks = stored or shell.blocks
    await shell.print(b"two ")
    live_terminals.keep_terminals(interview.pk)
    record = await until_recorded(interview, lambda record: len(record) == 3)
    await wait_until(lambda: not shell.blocks)

    assert recorded_bytes(record) == b"one two "


async def test_two_processes_never_record_the_same(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await sync_to_async(claim_recording)(interview.pk, owner="another-process")
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await fake_runner.terminals.find().print(b"theirs")
        await window.until_shown(b"theirs")
        await wait_until(lambda: not live_terminals._keepers)

    assert await read_record(interview) == []


async def test_window_has_the_record_go_on_once_its_keeper_is_silent(
    interview: Interview, fake_runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "KEEP_SECONDS", 0.05)
    await sync_to_async(claim_recording)(interview.pk, owner="another-process")
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await fake_runner.terminals.find().print(b"nobody stores it")
        await window.until_shown(b"stores it")
        silent = now() - timedelta(seconds=1)
        await TerminalRecording.objects.aupdate(lease_until=silent)
        record = await until_recorded(interview, lambda record: len(record) == 2)

    assert recorded_bytes(record) == b"nobody stores it"


async def test_worker_puts_the_rest_on_record_before_it_closes(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
    await let_terminals_go()
    shell = fake_runner.terminals.find()
    await shell.print(b"nobody looked")
    await sync_to_async(finish_interview)(interview.pk)

    assert await close_ended_workspaces() == 1

    record = await read_record(interview)
    assert recorded_bytes(record) == b"nobody looked"
    assert record[-1] == (
        "terminal.ended",
        {"name": "1", "code": None, "reason": "killed"},
    )
    assert not fake_runner.workspaces.open
    assert not await Terminal.objects.exclude(used_ms=0).aexists()
    assert not await Run.objects.aexists()


async def test_runner_that_cannot_be_reached_keeps_what_it_has_for_later(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
    await let_terminals_go()
    await fake_runner.terminals.find().print(b"still there")
    place = await sync_to_async(find_workspace)(interview.pk)
    assert place is not None

    await finish_shells(interview.pk, "unix:/nowhere/runner.sock", place[1])
    before = await read_record(interview)
    await finish_shells(interview.pk, *place)
    record = await read_record(interview)

    assert "terminal.ended" not in dict(before)
    assert recorded_bytes(record) == b"still there"
    assert record[-1][0] == "terminal.ended"
