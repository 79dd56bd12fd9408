"""Deciding what is done when, and by whom."""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from plan import Plan


@dataclass(frozen=True)
class Slot:
    """One task in the timetable, in minutes since midnight of the first day."""

    name: str
    start: int
    end: int
    baker: int | None


def schedule(plan: Plan) -> list[Slot]:
    """Return the timetable of a plan without faults, sorted as it is printed."""
    return _Night(plan).work()


class _Night:
    """One pass through the night, from one ending task to the next."""

    def __init__(self, plan: Plan) -> None:
        self.tasks = plan.tasks
        self.now = plan.start
        order = {task.name: number for number, task in enumerate(plan.tasks)}
        self.needs = [{order[name] for name in task.after} for task in plan.tasks]
        self.followers: list[list[int]] = [[] for _ in plan.tasks]
        for number, before in enumerate(self.needs):
            for other in before:
                self.followers[other].append(number)
        self.open_needs = [len(before) for before in self.needs]
        self.chains = self._chains()
        self.free = list(range(1, plan.bakers + 1))
        heapify(self.free)
        self.ready: list[tuple[int, int]] = []
        self.running: list[tuple[int, int, int]] = []
        self.slots: dict[int, Slot] = {}

    def work(self) -> list[Slot]:
        for number, count in enumerate(self.open_needs):
            if not count:
                self._make_ready(number)
        self._hand_out()
        while self.running:
            self._finish_next()
            self._hand_out()
        return [
            slot
            for _, slot in sorted(
                self.slots.items(), key=lambda item: (item[1].start, item[0])
            )
        ]

    def _chains(self) -> list[int]:
        """Return for each task its minutes plus the longest run behind it."""
        open_followers = [len(behind) for behind in self.followers]
        chains = [task.minutes for task in self.tasks]
        last = [number for number, count in enumerate(open_followers) if not count]
        while last:
            number = last.pop()
            for other in self.needs[number]:
                minutes = self.tasks[other].minutes + chains[number]
                chains[other] = max(chains[other], minutes)
                open_followers[other] -= 1
                if not open_followers[other]:
                    last.append(other)
        return chains

    def _make_ready(self, number: int) -> None:
        if self.tasks[number].unattended:
            self._begin(number, None)
        else:
            heappush(self.ready, (-self.chains[number], number))

    def _hand_out(self) -> None:
        while self.ready and self.free:
            self._begin(heappop(self.ready)[1], heappop(self.free))

    def _begin(self, number: int, baker: int | None) -> None:
        task = self.tasks[number]
        end = self.now + task.minutes
        self.slots[number] = Slot(task.name, self.now, end, baker)
        heappush(self.running, (end, number, baker or 0))

    def _finish_next(self) -> None:
        self.now = self.running[0][0]
        while self.running and self.running[0][0] == self.now:
            _, number, baker = heappop(self.running)
            if baker:
                heappush(self.free, baker)
            for follower in self.followers[number]:
                self.open_needs[follower] -= 1
                if not self.open_needs[follower]:
                    self._make_ready(follower)
