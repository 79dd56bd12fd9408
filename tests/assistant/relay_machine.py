"""Random schedules over one answer: two processes, pages that come and go, trouble.

The relay, the mirrors, the log and the windows are the product's; the model, the store
and the network are played. Whatever happens, each page ends with the stored text, and
no frame it got left something out or said something twice.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

from assistant.enums import TurnState
from assistant.following import Follower
from assistant.models import Turn
from assistant.protocol import failed_frame, finished_frame, started_frame
from assistant.turns.control import order_stop
from assistant.turns.live import LiveTurn
from assistant.turns.relay import Relay
from assistant.turns.remote import Progress, RemoteTurns
from assistant.windows import SendWindow
from base.text import utf16_length, utf16_slice

ALPHABET = "abcdefgh \n'{}é漢😀👩‍💻"
SWEEP_SECONDS = 20.0
AT_LONGEST = 900.0


class Store:
    """What the database has of the answer: checkpoints, then the end."""

    def __init__(self) -> None:
        self.text = ""
        self.start: dict[str, Any] | None = None
        self.end: dict[str, Any] | None = None

    async def read(self, _interview_id: UUID, _turn_id: UUID) -> Progress:
        await asyncio.sleep(0)
        return Progress(is_known=True, text=self.text, start=self.start, end=self.end)


class Process:
    """One web process: its turns, its mirrors, its connection to Redis."""

    def __init__(self, connect: Callable[[], Any], store: Store) -> None:
        self._connect = connect
        self.clients: list[Any] = []
        self.is_dead = False
        self.here: dict[UUID, LiveTurn] = {}
        self.relay = Relay(self._open)
        self.mirrors = RemoteTurns(
            read=store.read,
            is_here=lambda turn_id: turn_id in self.here,
            source=self.relay.tail,
        )
        self.tasks: set[asyncio.Task[None]] = set()

    def _open(self) -> Any:
        client = self._connect()
        if client is not None:
            client.is_cut = self.is_dead
            self.clients.append(client)
        return client

    def kill(self) -> None:
        """No more words from here, to anybody, the last ones included."""
        self.is_dead = True
        for client in self.clients:
            client.is_cut = True
        for task in list(self.tasks):
            task.cancel()


class Page:
    """A page that trusts its server: a delta begins where its text ends."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._random = world.random
        self.text = ""
        self.sides: list[int] = []
        self.is_whole = True
        self.end: dict[str, Any] | None = None

    async def live(self) -> None:
        """Follow until the end is known, over as many connections as it takes."""
        while self.end is None:
            process = self._world.pick_process()
            task = asyncio.create_task(self._follow(process))
            process.tasks.add(task)
            stays = self._random.choice([0.01, 0.3, 2, 8, 400])
            await asyncio.wait({task}, timeout=stays * self._world.pace)
            task.cancel()
            await asyncio.wait({task})
            process.tasks.discard(task)
            if not task.cancelled():
                task.result()
            if self.end is None:
                self._come_back()
                await self._world.rest(1.5)

    def _come_back(self) -> None:
        """Maybe the page was loaded anew, from a checkpoint: it knows less then."""
        self.is_whole = False
        if self._random.random() < 0.4:
            self.text = self.text[: self._random.randint(0, len(self.text))]

    async def _follow(self, process: Process) -> None:
        world = self._world
        window = SendWindow(self._answer_ping)
        self._window = window
        follower = Follower(
            world.turn,
            utf16_length(self.text),
            find=process.here.get,
            mirrors=process.mirrors,
        )
        is_slow = self._random.random() < 0.3
        async with aclosing(follower.follow(world.interview_id)) as frames:
            async for frame in frames:
                self._take(frame)
                if is_slow:
                    await world.rest(1.0)
                await window.note_sent(len(frame.get("text", "")))
        self._finish(follower.end_frame)

    async def _answer_ping(self, frame: Any) -> None:
        delay = self._random.random() * self._world.pace
        read = self._window.note_read
        asyncio.get_running_loop().call_later(delay, read, frame["t"])

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "turn.delta":
            assert frame["offset"] == utf16_length(self.text)
            self.text += frame["text"]
        elif frame["type"] == "turn.tool" and frame["call"] not in self.sides:
            self.sides.append(frame["call"])

    def _finish(self, end: dict[str, Any]) -> None:
        assert end
        length = end["text_length"]
        assert length <= utf16_length(self.text)
        self.text = utf16_slice(self.text, 0, length)
        self.end = end


class World:
    """One schedule; `pace` is what a second of it takes."""

    def __init__(
        self, seed: int, connect: Callable[[], Any], *, pace: float = 1.0
    ) -> None:
        self.random = Random(seed)
        self.pace = pace
        self.store = Store()
        self.interview_id = uuid4()
        self.turn = Turn(
            pk=uuid4(),
            conversation_id=uuid4(),
            state=TurnState.RUNNING,
            created_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
        self.owner = Process(connect, self.store)
        self.other = Process(connect, self.store)
        self.live = LiveTurn.create(self.turn.pk)
        self.said = ""
        self.told = 0
        self._connect = connect

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(self.random.random() * seconds * self.pace)

    def pick_process(self) -> Process:
        if self.owner.is_dead:
            return self.other
        return self.random.choice([self.owner, self.other])

    async def run(
        self, trouble: Callable[[], Any] | None = None, *, has_log: bool = True
    ) -> None:
        """Play the schedule and check what every page has in the end.

        Side frames are in the log alone: who has a steady one gets each of them.
        """
        pages = [Page(self) for _ in range(self.random.randint(1, 4))]
        self.live.task = asyncio.create_task(self._answer())
        works = [asyncio.create_task(page.live()) for page in pages]
        extra = [
            asyncio.create_task(work()) for work in (self._disturb, trouble) if work
        ]
        try:
            async with asyncio.timeout(AT_LONGEST):
                await asyncio.gather(*works)
                await asyncio.wait({self.live.task})
        finally:
            for task in extra:
                task.cancel()
        self._check(pages, has_sides=has_log and trouble is None)

    def _check(self, pages: list[Page], *, has_sides: bool) -> None:
        assert self.said.startswith(self.store.text)
        for page in pages:
            assert page.text == self.store.text
            if page.is_whole and has_sides and not self.owner.is_dead:
                assert page.sides == list(range(self.told))

    async def _disturb(self) -> None:
        """Maybe stop it from the other process, maybe kill its owner."""
        await self.rest(6)
        what = self.random.choice(["nothing", "stop", "kill"])
        if what == "stop":
            await order_stop(self.turn.pk, self.other._open)
        elif what == "kill" and not self.live.is_ending:
            await self._kill_owner()

    async def _kill_owner(self) -> None:
        self.owner.here.clear()
        self.owner.kill()
        self.live.is_ending = True
        task = self.live.task
        assert task is not None
        task.cancel()
        await asyncio.sleep(SWEEP_SECONDS * self.pace)
        self.store.end = {
            **failed_frame(self.turn.pk, "interrupted", "Ask again.", retryable=True),
            "text_length": utf16_length(self.store.text),
        }

    async def _answer(self) -> None:
        """The owner's work, as the registry does it."""
        live = self.live
        self.owner.here[live.id] = live
        self.owner.relay.publish(live)
        try:
            await self._say_all()
        except asyncio.CancelledError:
            if self.owner.is_dead:
                return
            self._end("stopped")
        else:
            live.is_ending = True
            self._end("end_turn")

    async def _say_all(self) -> None:
        await self.rest(1)
        frame = started_frame(
            self.turn.pk, "a-model", is_simulated=True, is_brief=False
        )
        self.live.start_frame = self.store.start = frame
        self.live.started.set()
        clock = asyncio.get_running_loop().time
        kept_at = clock()
        for _ in range(self.random.randint(1, 60)):
            await self.rest(0.4)
            self._say_something()
            if clock() - kept_at >= self.pace:
                kept_at = clock()
                self.store.text = self.said

    def _say_something(self) -> None:
        if self.random.random() < 0.1:
            self.live.tell({"type": "turn.tool", "call": self.told})
            self.told += 1
        most = 9_000 if self.random.random() < 0.02 else 20
        piece = "".join(self.random.choices(ALPHABET, k=self.random.randint(1, most)))
        self.said += piece
        self.live.text.append(piece)

    def _end(self, stop_reason: str) -> None:
        live = self.live
        self.store.text = self.said
        self.store.end = live.end_frame = finished_frame(
            live.id,
            stop_reason=stop_reason,
            text_length=live.text.length,
            message_id=None,
        )
        live.text.close()
        live.started.set()
        live.ended.set()
        self.owner.relay.end(live)


async def settle(*worlds: World) -> None:
    """Leave no task of these worlds behind."""
    for world in worlds:
        for process in (world.owner, world.other):
            process.kill()
    await asyncio.sleep(0)
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*rest, return_exceptions=True)
