"""The provider's prompt cache: where it is marked, how long it holds, what it saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from assistant.models import Turn
from billing.models import Usage
from interviews.models import Interview

# Candidates think for longer than five minutes between two questions: an hour costs
# 0.75 of the input price more per new token, a miss 1.15 of it per token of the whole.
TTL = "1h"

_INPUT = Counter(
    "interviewlm_assistant_input_tokens",
    "Input tokens of answers: read from the provider's cache, written to it, neither",
    ["kind"],
)


@dataclass(frozen=True)
class CacheUse:
    """Input tokens of a conversation: read from the cache, written to it, neither."""

    read: int
    written: int
    plain: int

    def __add__(self, other: "CacheUse") -> "CacheUse":
        return CacheUse(
            self.read + other.read,
            self.written + other.written,
            self.plain + other.plain,
        )

    @property
    def share(self) -> float | None:
        """What of the cacheable input was read: 0 to 1, None where there was none."""
        cacheable = self.read + self.written
        return self.read / cacheable if cacheable else None

    @property
    def percent(self) -> int | None:
        """The share in whole percent, rounded down: 100 means all of it."""
        return None if self.share is None else int(self.share * 100)


def marked(block: Mapping[str, Any], ttl: str) -> dict[str, Any]:
    """Return a block after which the provider is to cache."""
    return {**block, "cache_control": {"type": "ephemeral", "ttl": ttl}}


def place_marks(
    *, kept: int, first: int | None, answered: int | None, length: int
) -> list[int]:
    """Return the positions to mark; the system prompt has a mark of its own.

    Three at most: the end of what the epoch began with (its `kept` items, or its
    `first` question), of the last question the provider took, and of this one. All
    but the first are lengths of requests.
    """
    ends = {kept or first or length, answered or length, length}
    return sorted(end - 1 for end in ends)


def read_cache_uses(interview: Interview) -> dict[UUID, CacheUse]:
    """Sum up the input of every call for answers, by conversation, oldest first."""
    turns = Turn.objects.filter(conversation__interview=interview)
    conversations = {
        str(turn): name
        for turn, name in turns.order_by(
            "conversation__created_at", "created_at"
        ).values_list("pk", "conversation")
    }
    calls = Usage.objects.filter(
        reference=str(interview.pk), labels__turn__in=list(conversations)
    )
    uses: dict[UUID, CacheUse] = {}
    for usage in calls.order_by("at"):
        name = conversations[usage.labels["turn"]]
        uses[name] = uses.get(name, CacheUse(0, 0, 0)) + _use_of(usage)
    return {name: uses[name] for name in conversations.values() if name in uses}


def _use_of(usage: Usage) -> CacheUse:
    return CacheUse(
        read=usage.cache_read_tokens,
        written=usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
        plain=usage.input_tokens,
    )


def count_input(usage: Usage) -> None:
    """Count the input tokens of an answer for the metrics."""
    written = usage.cache_write_5m_tokens + usage.cache_write_1h_tokens
    _INPUT.labels(kind="read").inc(usage.cache_read_tokens)
    _INPUT.labels(kind="written").inc(written)
    _INPUT.labels(kind="plain").inc(usage.input_tokens)
