"""Read a plan from standard input, print the timetable."""

import sys

from order import Slot, schedule
from plan import parse


def run(text: str) -> str:
    """Return what is printed for this plan."""
    plan = parse(text)
    slots = schedule(plan)
    ready = max((slot.end for slot in slots), default=plan.start)
    return "\n".join([*map(describe, slots), f"ready {clock(ready)}"])


def describe(slot: Slot) -> str:
    """Return one line of the timetable."""
    baker = f" baker {slot.baker}" if slot.baker else ""
    return f"{clock(slot.start)}-{clock(slot.end)} {slot.name}{baker}"


def clock(minutes: int) -> str:
    """Return a time of day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


if __name__ == "__main__":
    print(run(sys.stdin.read()))
