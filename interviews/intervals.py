"""Stretches of time: what is lost twice counts once. Pure functions, no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Claim:
    """A fault as the reckoning sees it; `given` seconds of its time were given back.

    `given` is None for time that is claimed but not given yet.
    """

    cause: str
    began: datetime
    ended: datetime
    given: int | None = None


@dataclass(frozen=True)
class Share:
    """What became of one claim, in whole seconds.

    `lost` is what no earlier claim was given for, `allowed` what of it is given
    within the limits.
    """

    lost: int
    allowed: int


@dataclass(frozen=True)
class CreditLimits:
    """The most that is given back, in seconds: per cause, altogether; and the least."""

    per_cause: dict[str, int]
    total: int
    least: int


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the union, in order, without overlaps or empty stretches."""
    merged: list[Span] = []
    for began, ended in sorted(span for span in spans if span[0] < span[1]):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((began, ended))
    return merged


def subtract(span: Span, taken: Iterable[Span]) -> list[Span]:
    """Return what of `span` is in none of `taken`."""
    left: list[Span] = []
    at, end = span
    for began, ended in merge(taken):
        if ended <= at or began >= end:
            continue
        if began > at:
            left.append((at, began))
        at = max(at, ended)
    return [*left, (at, end)] if at < end else left


def length(spans: Iterable[Span]) -> timedelta:
    """Return how long disjoint stretches are together."""
    return sum((ended - began for began, ended in spans), timedelta())


def first(spans: Sequence[Span], wanted: timedelta) -> list[Span]:
    """Return the beginning of disjoint stretches, `wanted` long in all."""
    taken: list[Span] = []
    for began, ended in spans:
        if wanted <= timedelta():
            break
        taken.append((began, min(ended, began + wanted)))
        wanted -= ended - began
    return taken


def reckon(
    claims: Sequence[Claim], *, closed: Sequence[Span], limits: CreditLimits
) -> list[Share]:
    """Return what each claim lost and is allowed, in the order of the claims.

    Time in `closed` was not the candidate's to lose. A claim covers the beginning of
    its own loss, as far as it was given for; what it could not be given for may still
    be claimed by another cause.
    """
    covered: list[Span] = list(closed)
    used: dict[str, int] = {}
    shares = []
    for claim in claims:
        free = subtract((claim.began, claim.ended), covered)
        lost = length(free) // timedelta(seconds=1)
        allowed = claim.given
        if allowed is None:
            left = min(
                limits.per_cause[claim.cause] - used.get(claim.cause, 0),
                limits.total - sum(used.values()),
            )
            allowed = max(0, min(lost, left)) if lost >= limits.least else 0
        covered += first(free, timedelta(seconds=allowed))
        used[claim.cause] = used.get(claim.cause, 0) + allowed
        shares.append(Share(lost, allowed))
    return shares
