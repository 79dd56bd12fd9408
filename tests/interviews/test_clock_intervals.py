"""Lost time is counted once and within limits, whatever overlaps whatever."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviews.intervals import (
    Claim,
    CreditLimits,
    Share,
    Span,
    first,
    length,
    merge,
    reckon,
    subtract,
)

START = datetime(2026, 1, 1, 10, tzinfo=UTC)
LIMITS = CreditLimits({"restart": 600, "model": 300}, total=1200, least=5)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def claim(cause: str, began: float, ended: float, given: int | None = None) -> Claim:
    return Claim(cause, at(began), at(ended), given)


spans = st.tuples(st.integers(0, 900), st.integers(0, 400)).map(
    lambda pair: (at(pair[0]), at(pair[0] + pair[1]))
)
claims = st.lists(
    st.tuples(st.sampled_from(["restart", "model"]), spans).map(
        lambda pair: Claim(pair[0], *pair[1])
    ),
    max_size=12,
)
stretches = st.lists(spans, max_size=8)


def seconds_in(parts: list[Span]) -> set[int]:
    """Every whole second of some stretches, the slow and sure way."""
    return {
        second
        for began, ended in parts
        for second in range(
            int((began - START).total_seconds()), int((ended - START).total_seconds())
        )
    }


@given(stretches)
def test_union_holds_the_same_seconds_without_overlaps(parts: list[Span]) -> None:
    union = merge(parts)

    assert seconds_in(union) == seconds_in(parts)
    assert length(union) == timedelta(seconds=len(seconds_in(parts)))
    assert all(one[1] < two[0] for one, two in pairwise(union))


@given(spans, stretches)
def test_what_is_left_of_a_stretch_is_in_none_of_the_taken(
    span: Span, taken: list[Span]
) -> None:
    left = subtract(span, taken)

    assert seconds_in(left) == seconds_in([span]) - seconds_in(taken)
    assert length(left) == timedelta(seconds=len(seconds_in(left)))


@given(stretches, st.integers(0, 600))
def test_the_beginning_of_stretches_is_as_long_as_wanted(
    parts: list[Span], wanted: int
) -> None:
    union = merge(parts)

    taken = first(union, timedelta(seconds=wanted))

    assert length(taken) == min(timedelta(seconds=wanted), length(union))
    assert seconds_in(taken) <= seconds_in(union)


@settings(deadline=None)
@given(claims, stretches)
def test_never_more_is_given_than_was_lost_once_and_the_limits_allow(
    made: list[Claim], closed: list[Span]
) -> None:
    shares = reckon(made, closed=closed, limits=LIMITS)

    lost = seconds_in([(one.began, one.ended) for one in made]) - seconds_in(closed)
    given_by_cause = {
        cause: sum(
            share.allowed
            for one, share in zip(made, shares, strict=True)
            if one.cause == cause
        )
        for cause in LIMITS.per_cause
    }
    assert sum(given_by_cause.values()) <= min(len(lost), LIMITS.total)
    assert all(
        given_by_cause[cause] <= limit for cause, limit in LIMITS.per_cause.items()
    )
    assert all(share.allowed <= share.lost for share in shares)
    assert all(share.allowed == 0 or share.allowed >= 1 for share in shares)


@settings(deadline=None)
@given(claims)
def test_what_was_given_is_reckoned_the_same_when_it_is_on_record(
    made: list[Claim],
) -> None:
    shares = reckon(made, closed=[], limits=LIMITS)
    counted = [
        Claim(one.cause, one.began, one.ended, share.allowed)
        for one, share in zip(made, shares, strict=True)
        if share.allowed
    ]
    again = reckon([*counted, *made[-1:]], closed=[], limits=LIMITS)

    if made and shares[-1].allowed:
        counted.pop()
        again = reckon([*counted, made[-1]], closed=[], limits=LIMITS)
    if made:
        assert again[-1] == shares[-1]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([claim("restart", 0, 60)], [Share(60, 60)]),
        ([claim("restart", 0, 4)], [Share(4, 0)]),
        ([claim("restart", 0, 60), claim("model", 30, 90)], [(60, 60), (30, 30)]),
        ([claim("restart", 0, 60), claim("model", 10, 50)], [(60, 60), (0, 0)]),
        ([claim("restart", 0, 700)], [(700, 600)]),
        (
            [claim("restart", 0, 700), claim("model", 500, 700)],
            [(700, 600), (100, 100)],
        ),
        ([claim("model", 0, 200), claim("model", 300, 500)], [(200, 200), (200, 100)]),
        ([claim("restart", 0, 60, 40), claim("model", 0, 60)], [(60, 40), (20, 20)]),
    ],
    ids=[
        "alone",
        "too short",
        "overlapping",
        "within another",
        "over the cause's limit",
        "another cause claims the rest",
        "the same cause twice",
        "given on record",
    ],
)
def test_shares(made: list[Claim], expected: list[Share | tuple[int, int]]) -> None:
    shares = reckon(made, closed=[], limits=LIMITS)

    assert shares == [
        one if isinstance(one, Share) else Share(*one) for one in expected
    ]


def test_time_while_the_interview_was_closed_is_nobodys_loss() -> None:
    closed = [(at(100), at(200))]

    shares = reckon([claim("restart", 50, 250)], closed=closed, limits=LIMITS)

    assert shares == [Share(100, 100)]
