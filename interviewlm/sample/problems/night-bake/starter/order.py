"""Deciding what is done when, and by whom."""

from dataclasses import dataclass

from plan import Plan


@dataclass(frozen=True)
class Slot:
    """One task in the timetable, in minutes since midnight of the first day."""

    name: str
    start: int
    end: int
    baker: int | None


def schedule(plan: Plan) -> list[Slot]:
    """Return the timetable, one slot a task, sorted as it is printed."""
    ends: dict[str, int] = {}
    slots = []
    waiting = list(plan.tasks)
    while waiting:
        before = len(waiting)
        for task in list(waiting):
            if all(name in ends for name in task.after):
                start = max((ends[name] for name in task.after), default=plan.start)
                ends[task.name] = start + task.minutes
                baker = None if task.unattended else 1
                slots.append(Slot(task.name, start, ends[task.name], baker))
                waiting.remove(task)
        if len(waiting) == before:
            raise ValueError("this plan cannot be put in order")
    order = {task.name: number for number, task in enumerate(plan.tasks)}
    return sorted(slots, key=lambda slot: (slot.start, order[slot.name]))
