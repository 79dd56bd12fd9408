"""Reading the sheet of paper."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """One line of the plan."""

    name: str
    minutes: int
    unattended: bool
    after: tuple[str, ...]
    line: int


@dataclass
class Plan:
    """The whole night."""

    start: int = 22 * 60
    bakers: int = 1
    tasks: list[Task] = field(default_factory=list)


def parse(text: str) -> Plan:
    """Read a plan; lines are numbered from 1."""
    plan = Plan()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if not words:
            continue
        if words[0] == "start":
            hours, minutes = words[1].split(":")
            plan.start = int(hours) * 60 + int(minutes)
        elif words[0] == "bakers":
            plan.bakers = int(words[1])
        else:
            plan.tasks.append(_task(words, number))
    return plan


def _task(words: list[str], number: int) -> Task:
    name, minutes, *rest = words
    unattended = rest[:1] == ["unattended"]
    if unattended:
        rest = rest[1:]
    return Task(name, int(minutes), unattended, tuple(rest[1:]), number)
