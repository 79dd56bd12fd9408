"""Reads the `<evidence>` of a scoring request into events and plain facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from assistant.simulator.context import attributes, tags
from assistant.simulator.testlog import read_report

_EVENT = re.compile(r"<event\b([^<>]*?)(/?)>")
_SHARE = re.compile(r"\b(\d+)\s*(?:/|of|out of)\s*(\d+)\b")
_KEYED = re.compile(r"<(?:item|dimension|criterion)\b([^<>]*)>")
MAX_QUOTE = 120
MIN_QUOTE = 3


@dataclass(frozen=True)
class Event:
    seq: int
    kind: str
    t_ms: int
    attributes: dict[str, str]
    text: str

    def is_about(self, *words: str) -> bool:
        return any(word in self.kind for word in words)

    @property
    def origin(self) -> str:
        return self.attributes.get("origin", self.attributes.get("role", "")).lower()

    @property
    def quote(self) -> str:
        """A verbatim piece of one line, free of characters that may be escaped."""
        for line in self.text.splitlines():
            pieces = sorted(re.split(r"[<>&\"']", line), key=len, reverse=True)
            best = pieces[0].strip()[:MAX_QUOTE].strip()
            if len(best) >= MIN_QUOTE:
                return best
        return ""

    @property
    def share(self) -> tuple[int, int] | None:
        """Passed and total, from the attributes or from the text."""
        passed = _int(self.attributes.get("passed"))
        failed = _int(self.attributes.get("failed"))
        total = _int(self.attributes.get("total"))
        if passed is not None and (failed is not None or total is not None):
            return passed, total if total is not None else passed + (failed or 0)
        match = _SHARE.search(self.text)
        if match:
            return int(match[1]), int(match[2])
        report = read_report(self.text, passed, failed)
        return (report.passed, report.total) if report.total else None


@dataclass(frozen=True)
class Evidence:
    """The events of one interview and what can be counted in them."""

    events: tuple[Event, ...]

    @cached_property
    def hidden(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.is_about("hidden") and e.share)

    @cached_property
    def runs(self) -> tuple[Event, ...]:
        return tuple(
            e
            for e in self.events
            if e.is_about("run", "test") and not e.is_about("hidden") and e.share
        )

    @cached_property
    def asks(self) -> tuple[Event, ...]:
        return tuple(
            e
            for e in self.events
            if e.is_about("turn", "message", "chat", "ask")
            and not self._is_answer(e)
            and e.origin in {"", "candidate", "user"}
        )

    @cached_property
    def answers(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if self._is_answer(e))

    @cached_property
    def edits(self) -> tuple[Event, ...]:
        return tuple(
            e
            for e in self.events
            if e.is_about("edit", "document", "file", "code", "paste", "typed")
            and e.origin in {"", "candidate", "user"}
        )

    @cached_property
    def speech(self) -> tuple[Event, ...]:
        return tuple(
            e
            for e in self.events
            if e.is_about("voice", "speech", "utterance", "spoken")
            and e.origin in {"", "candidate", "user"}
        )

    @property
    def has_talk(self) -> bool:
        """Enough words of the candidate to say anything about how they talk."""
        return bool(self.speech) or sum(len(e.text) for e in self.asks) >= 200

    @property
    def hidden_share(self) -> float | None:
        return _mean([e.share for e in self.hidden])

    @property
    def run_shares(self) -> list[float]:
        return [
            share[0] / share[1] for e in self.runs if (share := e.share) and share[1]
        ]

    @property
    def is_improving(self) -> bool:
        shares = self.run_shares
        return len(shares) > 1 and shares[-1] > shares[0]

    @property
    def edits_after_answer(self) -> tuple[Event, ...]:
        first = min((e.seq for e in self.answers), default=None)
        return tuple(e for e in self.edits if first is not None and e.seq > first)

    @staticmethod
    def _is_answer(event: Event) -> bool:
        if event.is_about("voice", "speech", "edit"):
            return False
        return event.origin in {"assistant", "model"} or event.is_about(
            "answer", "assistant", "reply", "turn.finished", "turn.delta"
        )


def read_evidence(text: str) -> Evidence | None:
    """None where the text holds no `<evidence>` block."""
    bodies = [tag.body for tag in tags(text) if tag.name == "evidence"]
    if not bodies:
        return None
    events = [event for body in bodies for event in _events(body)]
    return Evidence(tuple(sorted(events, key=lambda event: event.seq)))


def rubric_keys(text: str) -> list[str]:
    """Keys of the rubric items or dimensions a prompt lists, in its order."""
    keys: dict[str, None] = {}
    for match in _KEYED.finditer(text):
        found = attributes(match[1])
        key = found.get("key") or found.get("dimension") or found.get("name")
        if key:
            keys.setdefault(key)
    return list(keys)


def _events(body: str) -> list[Event]:
    found = []
    position = 0
    while match := _EVENT.search(body, position):
        position = match.end()
        text = ""
        end = -1 if match[2] else body.find("</event>", match.end())
        if end >= 0:
            text, position = body[match.end() : end], end
        given = attributes(match[1])
        seq = _int(given.get("seq"))
        if seq is not None:
            kind = given.get("kind", "").lower()
            found.append(Event(seq, kind, _int(given.get("t_ms")) or 0, given, text))
    return found


def _mean(shares: list[tuple[int, int] | None]) -> float | None:
    counted = [share for share in shares if share and share[1]]
    total = sum(share[1] for share in counted)
    return sum(share[0] for share in counted) / total if total else None


def _int(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
