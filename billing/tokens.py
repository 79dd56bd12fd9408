"""A provider's usage object, normalised to the tokens that have a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TokenCounts:
    """Tokens of one call; `input` is what no cache served or stored."""

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    thinking: int = 0

    @property
    def prompt(self) -> int:
        """All input tokens, cached or not: what price tiers go by."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.prompt + self.output


def _count(source: Mapping[str, Any], key: str) -> int:
    value = source.get(key)
    return int(value) if value else 0


def normalise_anthropic(raw: Mapping[str, Any]) -> TokenCounts:
    """Read the Messages API's usage object.

    Cache writes are split by lifetime where the API says so; without the split
    they count as five-minute writes, the API's default lifetime.
    """
    split = raw.get("cache_creation") or {}
    written = _count(raw, "cache_creation_input_tokens")
    one_hour = _count(split, "ephemeral_1h_input_tokens")
    details = raw.get("output_tokens_details") or {}
    return TokenCounts(
        input=_count(raw, "input_tokens"),
        cache_write_5m=max(written - one_hour, 0),
        cache_write_1h=one_hour,
        cache_read=_count(raw, "cache_read_input_tokens"),
        output=_count(raw, "output_tokens"),
        thinking=_count(details, "thinking_tokens"),
    )
