"""Replay a day at the gate."""

import json
from typing import Any

from clock import ManualClock
from gate import LiftGate


def simulate(
    config: dict[str, dict[str, int]], events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return one decision per event, in the order of the events."""
    clock = ManualClock()
    gate = LiftGate(config, clock)
    decisions = []
    for event in events:
        clock.set(event["at"])
        decision = gate.decide(event["pass"], event["kind"], event.get("party", 1))
        decisions.append({"at": event["at"], **decision})
    return decisions


if __name__ == "__main__":
    example = [
        {"at": 0, "pass": "A7", "kind": "day", "party": 2},
        {"at": 45_000, "pass": "A7", "kind": "day"},
        {"at": 60_000, "pass": "A7", "kind": "day"},
    ]
    for line in simulate({"day": {"capacity": 2, "per_minute": 1}}, example):
        print(json.dumps(line))
