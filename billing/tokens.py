"""A provider's usage object, normalised to the tokens that have a price."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard


@dataclass(frozen=True)
class TokenCounts:
    """Tokens of one call; `input` is what no cache served or stored.

    `thinking` is part of `output`; audio is apart from both. `unpriced` names what
    the provider counted and no price covers: then the cost is unknown.
    """

    input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    thinking: int = 0
    audio_input: int = 0
    audio_cached: int = 0
    audio_output: int = 0
    is_batch: bool = False
    unpriced: tuple[str, ...] = field(default=())

    @property
    def prompt(self) -> int:
        """All input tokens, cached or not: what price tiers go by."""
        return (
            self.input
            + self.cache_write_5m
            + self.cache_write_1h
            + self.cache_read
            + self.audio_input
            + self.audio_cached
        )

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.prompt + self.output + self.audio_output


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _count(source: Mapping[str, Any], key: str) -> int:
    """Return a figure; what is none counts as nothing here and is in `unpriced`."""
    value = source.get(key)
    return value if _is_count(value) else 0


def _mapping(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def _missing(source: Mapping[str, Any], *keys: str) -> list[str]:
    """Name the figures without which a usage object says nothing of the cost."""
    return [f"no {key}" for key in keys if source.get(key) is None]


def _unpriced(
    source: Mapping[str, Any],
    counts: Container[str] = (),
    *,
    read: Container[str] = (),
    prefix: str = "",
) -> list[str]:
    """Name what is not nothing and has no price.

    That is a known count that is none, and any figure or word unheard of: so far
    every word in a usage object (tier, speed, region) had a price of its own. What
    the caller looks at itself is in `read`.
    """
    found: list[str] = []
    for key, value in source.items():
        if key in read or value is None:
            continue
        if key in counts:
            found += [] if _is_count(value) else [f"{prefix}{key}"]
        elif isinstance(value, Mapping):
            found += _unpriced(value, prefix=f"{prefix}{key}.")
        elif value:
            found.append(f"{prefix}{key}")
    return found


_ANTHROPIC = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
    }
)
_CACHE_CREATION = frozenset({"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"})
_OUTPUT_DETAILS = frozenset({"thinking_tokens"})
# Words that cost what the table says; any other has a price of its own.
_USUAL = {
    "service_tier": {"standard", "batch"},
    "speed": {"standard"},
    "inference_geo": {"global", "not_available"},
}


def normalise_anthropic(raw: Mapping[str, Any]) -> TokenCounts:
    """Read the Messages API's usage object (anthropic 2.11, `types/usage.py`).

    Cache writes are split by lifetime where the API says so; without the split
    they count as five-minute writes, the API's default lifetime. A service tier,
    speed or region that costs extra, server tools, and words and figures unheard of
    are named in `unpriced`.
    """
    split = _mapping(raw, "cache_creation")
    details = _mapping(raw, "output_tokens_details")
    one_hour = _count(split, "ephemeral_1h_input_tokens")
    five_minutes = _count(split, "ephemeral_5m_input_tokens")
    written = _count(raw, "cache_creation_input_tokens")
    read = {"cache_creation", "output_tokens_details", *_USUAL}
    unpriced = _missing(raw, "input_tokens", "output_tokens")
    unpriced += _unpriced(raw, _ANTHROPIC, read=read)
    unpriced += _unpriced(split, _CACHE_CREATION, prefix="cache_creation.")
    unpriced += _unpriced(details, _OUTPUT_DETAILS, prefix="output_tokens_details.")
    unpriced += [
        f"{key}={raw[key]}"
        for key, usual in _USUAL.items()
        if raw.get(key) and raw[key] not in usual
    ]
    return TokenCounts(
        input=_count(raw, "input_tokens"),
        cache_write_5m=max(written - one_hour, five_minutes),
        cache_write_1h=one_hour,
        cache_read=_count(raw, "cache_read_input_tokens"),
        output=_count(raw, "output_tokens"),
        thinking=_count(details, "thinking_tokens"),
        is_batch=raw.get("service_tier") == "batch",
        unpriced=tuple(unpriced),
    )


_OPENAI = frozenset({"total_tokens", "input_tokens", "output_tokens"})
_OPENAI_INPUT = frozenset({"text_tokens", "audio_tokens", "cached_tokens"})
_OPENAI_OUTPUT = frozenset({"text_tokens", "audio_tokens", "reasoning_tokens"})
_OPENAI_CACHED = frozenset({"text_tokens", "audio_tokens"})


def normalise_openai(raw: Mapping[str, Any]) -> TokenCounts:
    """Read the Realtime API's usage of a response (openai 3.52, GA form).

    Cached tokens are part of the input there and are taken out of it here. Text and
    audio have prices of their own: a total that its parts do not come to, and a
    cached figure without its split, cannot be priced.
    """
    inputs = _mapping(raw, "input_token_details")
    outputs = _mapping(raw, "output_token_details")
    cached = _mapping(inputs, "cached_tokens_details")
    unpriced = _missing(raw, "input_tokens", "output_tokens")
    details = {"input_token_details", "output_token_details"}
    unpriced += _unpriced(raw, _OPENAI, read=details)
    unpriced += _unpriced(
        inputs, _OPENAI_INPUT, read={"cached_tokens_details"}, prefix="input."
    )
    unpriced += _unpriced(outputs, _OPENAI_OUTPUT, prefix="output.")
    unpriced += _unpriced(cached, _OPENAI_CACHED, prefix="cached.")
    text_input, audio_input = _text_and_audio(inputs)
    text_output, audio_output = _text_and_audio(outputs)
    cached_text, cached_audio = _text_and_audio(cached)
    sums = (
        ("input_tokens", _count(raw, "input_tokens"), text_input + audio_input),
        ("output_tokens", _count(raw, "output_tokens"), text_output + audio_output),
        ("cached_tokens", _count(inputs, "cached_tokens"), cached_text + cached_audio),
    )
    unpriced += [f"split of {name}" for name, whole, parts in sums if whole != parts]
    if cached_text > text_input or cached_audio > audio_input:
        unpriced.append("more cached than sent")
    return TokenCounts(
        input=max(text_input - cached_text, 0),
        cache_read=cached_text,
        output=text_output,
        thinking=_count(outputs, "reasoning_tokens"),
        audio_input=max(audio_input - cached_audio, 0),
        audio_cached=cached_audio,
        audio_output=audio_output,
        unpriced=tuple(unpriced),
    )


def _text_and_audio(details: Mapping[str, Any]) -> tuple[int, int]:
    return _count(details, "text_tokens"), _count(details, "audio_tokens")


_NORMALISERS: Mapping[str, Callable[[Mapping[str, Any]], TokenCounts]] = {
    "anthropic": normalise_anthropic,
    "openai": normalise_openai,
}


def normalise(provider: str, raw: Mapping[str, Any]) -> TokenCounts:
    """Read a usage object of any provider; an unknown one leaves all unpriced."""
    if provider in _NORMALISERS:
        return _NORMALISERS[provider](raw)
    return TokenCounts(unpriced=(f"provider={provider}",)) if raw else TokenCounts()
