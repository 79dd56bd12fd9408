"""Finding out whether a plan can work at all."""

from collections import deque

from plan import Plan


class PlanError(Exception):
    """A plan that cannot work; the text is what the bakers read."""


def check(plan: Plan) -> None:
    """Raise PlanError for the first fault of the plan."""
    _check_names(plan)
    cycle = _shortest_cycle(plan)
    if cycle:
        raise PlanError("cycle: " + " needs ".join([*cycle, cycle[0]]))


def _check_names(plan: Plan) -> None:
    known = {task.name for task in plan.tasks}
    seen: set[str] = set()
    for task in plan.tasks:
        if task.name in seen:
            raise PlanError(f'line {task.line}: "{task.name}" is planned twice')
        seen.add(task.name)
        for name in task.after:
            if name not in known:
                raise PlanError(f'line {task.line}: unknown task "{name}"')


def _shortest_cycle(plan: Plan) -> list[str]:
    """Return the shortest cycle, the earliest in the plan among equals."""
    order = {task.name: number for number, task in enumerate(plan.tasks)}
    needs = {
        task.name: sorted(set(task.after), key=order.__getitem__) for task in plan.tasks
    }
    knot = _knot(needs)
    best: list[str] = []
    for task in plan.tasks:
        if task.name in knot:
            cycle = _cycle_through(task.name, needs, knot)
            if cycle and (not best or len(cycle) < len(best)):
                best = cycle
    return best


def _knot(needs: dict[str, list[str]]) -> set[str]:
    """Return the tasks left when all that can be done has been done."""
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, before in needs.items():
        for other in before:
            followers[other].append(name)
    open_needs = {name: len(before) for name, before in needs.items()}
    done = deque(name for name, count in open_needs.items() if not count)
    left = set(needs)
    while done:
        name = done.popleft()
        left.discard(name)
        for follower in followers[name]:
            open_needs[follower] -= 1
            if not open_needs[follower]:
                done.append(follower)
    return left


def _cycle_through(
    start: str, needs: dict[str, list[str]], knot: set[str]
) -> list[str]:
    """Return the shortest way from start back to itself, breadth first."""
    came_from: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for other in needs[name]:
            if other == start:
                return _way(start, name, came_from)
            if other in knot and other not in came_from:
                came_from[other] = name
                queue.append(other)
    return []


def _way(start: str, end: str, came_from: dict[str, str]) -> list[str]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
