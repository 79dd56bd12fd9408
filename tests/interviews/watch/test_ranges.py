"""Where interviewers' text stands: the copy kept with a document is the timeline's."""

from hypothesis import given

from interviews.enums import TextOrigin
from interviews.workspace.origins import TextOrigins
from interviews.workspace.ranges import MOST_RANGES, Ranges, map_ranges
from tests.interviews.workspace.test_origins import Edit, histories

HELLO = [5]


@given(histories())
def test_ranges_are_the_interviewers_runs_after_any_edits(
    history: tuple[str, list[Edit]],
) -> None:
    text, edits = history
    origins = TextOrigins(text, TextOrigin.STARTER, 1)
    ranges: Ranges = []
    for changes, origin in edits:
        is_own = origin == TextOrigin.INTERVIEWER
        origins.change(changes, origin=origin, event=1)
        ranges = map_ranges(ranges, changes, is_own=is_own)

    assert ranges == expected(origins)


def expected(origins: TextOrigins) -> Ranges:
    found: Ranges = []
    at = 0
    for run in origins.runs:
        if run.origin == TextOrigin.INTERVIEWER:
            found.append([at, at + run.length])
        at += run.length
    return found


def test_ranges_beyond_the_most_are_left_out() -> None:
    changes = [part for _ in range(MOST_RANGES + 5) for part in ([0, "x"], 1)]

    ranges = map_ranges([], changes, is_own=True)

    assert len(ranges) == MOST_RANGES
    assert ranges[:2] == [[0, 1], [2, 3]]
