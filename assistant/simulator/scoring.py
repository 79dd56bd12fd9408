"""Scores an interview by simple counted rules, each claim tied to an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.simulator.evidence import Event, Evidence
from assistant.simulator.schemas import (
    Root,
    Schema,
    bounds_of,
    highest,
    lowest,
    types_of,
    variants_of,
)
from assistant.simulator.structured import UNKNOWN, Spot

PREFIX = "Simulated:"
MAX_EVIDENCE = 3
KEY_NAMES = frozenset({"dimension", "key", "item", "criterion", "rubric_item"})
REASON_NAMES = frozenset(
    {"reason", "reasoning", "rationale", "explanation", "summary", "comment", "why"}
)
CERTAINTY_NAMES = frozenset({"certainty", "confidence"})
SCORE_NAMES = frozenset({"score", "value", "points", "rating"})
ESTABLISHED_NAMES = frozenset({"established", "is_established"})
UNPROVEN_NAMES = frozenset({"not_established", "insufficient_evidence"})
_WRAPPERS = {"scores", "dimensions", "items", "verdicts", "scorecard", "result"}
_NO_KEYS = frozenset().union(
    KEY_NAMES, REASON_NAMES, SCORE_NAMES, ESTABLISHED_NAMES, UNPROVEN_NAMES,
    _WRAPPERS, {"certainty", "evidence", "seq", "quote"},
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A judgement from 0 to 1, or None where nothing establishes it."""

    share: float | None
    reason: str
    events: tuple[Event, ...] = ()


def judge(key: str, evidence: Evidence) -> Claim:
    """The claim for one dimension or rubric item, by words in its key."""
    words = key.lower().replace("-", "_").replace(" ", "_")
    if "communicat" in words or "experience" in words:
        return _talk(words, evidence)
    if "collab" in words or words in {"ai", "with_ai"}:
        return _collaboration(evidence)
    if "problem" in words or "confiden" in words or "debug" in words:
        return _progress(evidence)
    if "overall" in words or not words:
        return _overall(evidence)
    return _technical(evidence)


def _technical(evidence: Evidence) -> Claim:
    share = evidence.hidden_share
    if share is not None:
        return Claim(
            share,
            f"{PREFIX} {share:.0%} of the hidden tests pass.",
            evidence.hidden,
        )
    shares = evidence.run_shares
    if shares:
        return Claim(
            shares[-1] * 0.8,
            f"{PREFIX} no hidden tests; the last visible run passes {shares[-1]:.0%}.",
            evidence.runs[-1:],
        )
    return Claim(None, f"{PREFIX} no test run shows what the code does.")


def _progress(evidence: Evidence) -> Claim:
    shares = evidence.run_shares
    if not shares:
        return Claim(None, f"{PREFIX} no visible run shows the way to the solution.")
    moved = "improve" if evidence.is_improving else "do not improve"
    share = 0.3 + 0.5 * shares[-1] + (0.2 if evidence.is_improving else 0.0)
    return Claim(
        share,
        f"{PREFIX} {len(shares)} visible runs {moved}, the last passes "
        f"{shares[-1]:.0%}.",
        (*evidence.runs[:1], *evidence.runs[1:][-2:]),
    )


def _collaboration(evidence: Evidence) -> Claim:
    if not evidence.asks:
        return Claim(None, f"{PREFIX} the candidate did not ask the assistant.")
    edited = evidence.edits_after_answer
    share = 0.4 + (0.3 if edited else 0.0) + min(len(evidence.asks), 6) * 0.05
    then = "edited their files after an answer" if edited else "made no edit after it"
    return Claim(
        share,
        f"{PREFIX} the candidate asked {len(evidence.asks)} times and {then}.",
        (*evidence.asks[:2], *edited[:1]),
    )


def _talk(words: str, evidence: Evidence) -> Claim:
    if not evidence.has_talk:
        return Claim(
            None,
            f"{PREFIX} no speech and too few written words to judge {words}.",
        )
    spoken = (*evidence.speech, *evidence.asks)
    length = sum(len(event.text) for event in spoken)
    return Claim(
        min(0.9, 0.4 + length / 4000),
        f"{PREFIX} {len(spoken)} contributions with {length} characters.",
        tuple(sorted(spoken, key=lambda event: -len(event.text)))[:2],
    )


def _overall(evidence: Evidence) -> Claim:
    claims = [_technical(evidence), _progress(evidence), _collaboration(evidence)]
    known = [claim for claim in claims if claim.share is not None]
    if not known:
        return Claim(None, f"{PREFIX} nothing in the evidence establishes a score.")
    share = sum(claim.share or 0.0 for claim in known) / len(known)
    return Claim(
        share,
        f"{PREFIX} the mean of {len(known)} counted rules, no judgement of a model.",
        tuple(event for claim in known for event in claim.events[:1]),
    )


class ScoreRecogniser:
    """Fills a scorecard schema of any layout from the claims."""

    def __init__(self, evidence: Evidence, keys: list[str]) -> None:
        self._evidence = evidence
        self._keys = keys
        self._by_path: dict[tuple[str | int, ...], str] = {}
        self._claims: dict[str, Claim] = {}
        self._properties: dict[tuple[str | int, ...], set[str]] = {}

    def value(self, spot: Spot, root: Root) -> object:
        name = spot.name
        if _is_container(spot.node, root):
            self._properties[spot.path] = set(spot.node.get("properties") or ())
            return UNKNOWN
        if not spot.path:
            return UNKNOWN
        if isinstance(spot.path[-1], int):
            return self._line(spot)
        if name in KEY_NAMES:
            return self._key(spot.path)
        return self._scalar(spot, name, root)

    def length(self, spot: Spot, root: Root) -> int | None:
        item = root.resolve(spot.node.get("items"))
        properties = item.get("properties") or {}
        if "quote" in properties or "seq" in properties:
            return len(self._cited(spot.path))
        enumerated = _enumerated_keys(properties, root)
        if KEY_NAMES & properties.keys():
            keys = enumerated or self._keys or ["overall"]
            for index, key in enumerate(keys):
                self._by_path[(*spot.path, index)] = key
            return len(keys)
        if "integer" in types_of(item) and "seq" in spot.name:
            return len(self._cited(spot.path))
        return None

    def _scalar(self, spot: Spot, name: str, root: Root) -> object:
        claim = self._claim(spot.path)
        if name in {"seq", "quote"}:
            return self._citation(spot, root)
        if name == "certainty" or (
            name in CERTAINTY_NAMES and self._beside_score(spot.path)
        ):
            return _low(spot.node, root)
        if name in REASON_NAMES:
            return claim.reason
        if name in ESTABLISHED_NAMES:
            return claim.share is not None
        if name in UNPROVEN_NAMES:
            return claim.share is None
        if name in SCORE_NAMES or self._is_bare_dimension(spot, root):
            return _scaled(claim.share, spot.node, root)
        return UNKNOWN

    def _is_bare_dimension(self, spot: Spot, root: Root) -> bool:
        return _number_node(spot.node, root) is not None and len(spot.path) <= 2

    def _line(self, spot: Spot) -> object:
        """An element of a plain list: a cited seq, or a sentence."""
        if "seq" in spot.name:
            cited = self._cited(spot.path[:-1])
            return cited[spot.number - 1].seq if cited else UNKNOWN
        return f"{PREFIX} {self._claim(spot.path).reason.removeprefix(PREFIX).strip()}"

    def _citation(self, spot: Spot, root: Root) -> object:
        cited = self._cited(spot.path) or self._anything()
        if not cited:
            return UNKNOWN
        event = cited[min(spot.number, len(cited)) - 1]
        if spot.name == "quote":
            return event.quote
        return event.seq if root.fits(spot.node, event.seq) else str(event.seq)

    def _anything(self) -> list[Event]:
        """For a schema that demands a citation where the claim has none."""
        return [event for event in self._evidence.events if event.quote][:1]

    def _cited(self, path: tuple[str | int, ...]) -> list[Event]:
        claim = self._claim(path)
        if claim.share is None:
            return []
        events = {e.seq: e for e in claim.events if e.quote}
        return list(events.values())[:MAX_EVIDENCE]

    def _key(self, path: tuple[str | int, ...]) -> str:
        """The dimension a place belongs to: its list entry, else a name above it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._by_path:
                return self._by_path[path[:end]]
        for end, step in enumerate(path, 1):
            is_certainty = step in CERTAINTY_NAMES and self._beside_score(path[:end])
            if isinstance(step, str) and step not in _NO_KEYS and not is_certainty:
                return step
        return self._keys[0] if self._keys else "overall"

    def _beside_score(self, path: tuple[str | int, ...]) -> bool:
        """Confidence next to a score is the judge's; alone it is a dimension."""
        return bool(SCORE_NAMES & self._properties.get(path[:-1], set()))

    def _claim(self, path: tuple[str | int, ...]) -> Claim:
        key = self._key(path)
        return self._claims.setdefault(key, judge(key, self._evidence))


def _is_container(node: Schema, root: Root) -> bool:
    """An object or a list, also behind a nullable variant."""
    nodes = [root.resolve(variant) for variant in variants_of(node)] or [node]
    kinds = {kind for one in nodes for kind in types_of(one)}
    return bool(kinds & {"object", "array"})


def _number_node(node: Schema, root: Root) -> Schema | None:
    for one in [root.resolve(variant) for variant in variants_of(node)] or [node]:
        if {"integer", "number"} & set(types_of(one)):
            return one
    return None


def _enumerated_keys(properties: Schema, root: Root) -> list[str]:
    for name in KEY_NAMES & properties.keys():
        node = root.resolve(properties[name])
        if node.get("enum"):
            return [str(value) for value in node["enum"]]
    return []


def _scaled(share: float | None, node: Schema, root: Root) -> object:
    """The share on the scale of the schema, 0 to 100 where it names none."""
    if share is None and root.fits(node, None):
        return None
    number = _number_node(node, root)
    if number is None:
        return _ranked(share, node)
    bounds = {**bounds_of(node), **bounds_of(number)}
    low, high = lowest(bounds), highest(bounds)
    low = 0.0 if low is None else low
    high = 100.0 if high is None else high
    value = low + max(0.0, min(1.0, 0.5 if share is None else share)) * (high - low)
    return round(value) if "integer" in types_of(number) else round(value, 2)


def _ranked(share: float | None, node: Schema) -> object:
    """On a list of numbers, the one nearest to the share of the way."""
    levels: list[Any] = sorted(
        value for value in node.get("enum") or [] if isinstance(value, int | float)
    )
    if not levels:
        return UNKNOWN
    return levels[round((0.5 if share is None else share) * (len(levels) - 1))]


def _low(node: Schema, root: Root) -> object:
    if root.fits(node, "low"):
        return "low"
    number = _number_node(node, root)
    if number is None:
        return UNKNOWN
    top = highest({**bounds_of(node), **bounds_of(number)})
    if "integer" in types_of(number):
        return round(0.2 * (100 if top is None else top))
    return 0.2 * (1 if top is None else top)
