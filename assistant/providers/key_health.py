"""Which key a call uses: they take turns, and one that was refused rests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from assistant.configuration import Configuration
from assistant.keys import Key, read_keys
from assistant.providers import shared
from base.clock import now

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST_PACE_SECONDS = 60.0
# The key is refused, not the request: another key may do.
KEY_CODES = frozenset(
    {"authentication_error", "billing_error", "permission_error", "rate_limit_error"}
)
# Refused whatever is asked of it; other refusals are for one model.
_OF_THE_KEY = frozenset({"authentication_error", "billing_error"})


@dataclass(frozen=True)
class KeyChoice:
    """The way to go with the chosen key, or how long none may be used and why.

    `pause` asks to hold the call back: the provider's limits are nearly used up.
    """

    target: Configuration | None
    wait: float = 0.0
    code: str = ""
    pause: float = 0.0


@dataclass(frozen=True)
class KeyHealth:
    """How a key fares, for people; `code` says why it rests."""

    provider: str
    label: str
    code: str
    seconds: float


def choose_key(target: Configuration) -> KeyChoice:
    """Return the target with the key whose turn it is, of those that do not rest.

    Where all of them rest, a rate limit is waited for; a key that was not accepted is
    tried again, for somebody may have mended it.
    """
    keys = _in_turn(keys_of(target))
    aimed = [replace(target, api_key=key.secret, key_label=key.label) for key in keys]
    resting = [_rest_of(each) for each in aimed]
    best = min(range(len(keys)), key=lambda position: resting[position][0])
    seconds, code = resting[best]
    if code == "rate_limit_error":
        return KeyChoice(None, wait=seconds, code=code)
    return KeyChoice(aimed[best], pause=_read_pace(aimed[best]))


def has_other_key(target: Configuration) -> bool:
    """Say whether another key is left that does not rest."""
    aimed = (
        replace(target, api_key=key.secret, key_label=key.label)
        for key in keys_of(target)
        if key.secret != target.api_key
    )
    return any(not _rest_of(each)[1] for each in aimed)


def keys_of(target: Configuration) -> list[Key]:
    """Return the keys that reach a target; never none."""
    own = Key(target.key_label, target.api_key)
    if target.is_simulated:
        return [own]
    return read_keys(target.provider) or [own]


def _in_turn(keys: list[Key]) -> list[Key]:
    """Return the keys, the one whose hour it is first."""
    period = settings.MODEL_CALLS["key_rotation_seconds"]
    first = int(now().timestamp() // period) % len(keys)
    return [*keys[first:], *keys[:first]]


def rest_key(target: Configuration, code: str, seconds: float | None) -> None:
    """Let a key rest that the provider refused, for all or for this model only."""
    model = "" if code in _OF_THE_KEY else target.model
    if code == "rate_limit_error":
        wait = settings.MODEL_CALLS["retry_after_seconds"]
        seconds = wait if seconds is None else seconds
    else:
        seconds = settings.MODEL_CALLS["key_refused_seconds"]
    if seconds > 0:
        value = (now().timestamp() + seconds, code)
        shared.write(_rest_name(target, model), value, seconds + 1)


def _rest_of(target: Configuration) -> tuple[float, str]:
    """Return for how long the target's key rests, and why; (0, "") where it does not."""
    at = now().timestamp()
    longest = (0.0, "")
    for scope in ("", target.model):
        found = shared.read(_rest_name(target, scope))
        if found is not None and found[0] > at:
            longest = max(longest, (found[0] - at, found[1]))
    return longest


def _rest_name(target: Configuration, scope: str) -> str:
    # By the key itself, not its label: one that took its place is another key.
    return shared.name_of("key-rest", target.provider, target.api_key, scope)


def read_health(target: Configuration) -> list[KeyHealth]:
    """Return how each key of a target fares."""
    found = []
    for key in keys_of(target):
        aimed = replace(target, api_key=key.secret, key_label=key.label)
        seconds, code = _rest_of(aimed)
        found.append(KeyHealth(target.provider, key.label, code, seconds))
    return found


def note_limits(target: Configuration, headers: Mapping[str, str]) -> None:
    """Spread the calls to come where little of a rate limit is left.

    Reads `anthropic-ratelimit-<what>-{limit,remaining,reset}`; the tightest counts.
    """
    paces = [_pace_of(headers, what) for what in _LIMITS]
    pace, until = max(paces)
    if pace > 0:
        shared.write(_pace_name(target), pace, until)


def _pace_of(headers: Mapping[str, str], what: str) -> tuple[float, float]:
    """Return (seconds between two calls, seconds to the reset), 0 for no hurry."""
    prefix = f"anthropic-ratelimit-{what}"
    try:
        limit = float(headers[f"{prefix}-limit"])
        left = float(headers[f"{prefix}-remaining"])
        reset = datetime.fromisoformat(headers[f"{prefix}-reset"])
        seconds = (reset - now()).total_seconds()
    except (KeyError, ValueError, TypeError):
        return 0.0, 0.0
    is_low = limit > 0 and left < limit * settings.MODEL_CALLS["pace_below"]
    if not is_low or seconds <= 0:
        return 0.0, 0.0
    seconds = min(seconds, _LONGEST_PACE_SECONDS)
    # Tokens are not calls: how many calls are left is not known, so a part counts.
    calls = left if what == "requests" else left / limit * 100
    return seconds / max(calls, 1.0), seconds


def _read_pace(target: Configuration) -> float:
    pace = shared.read(_pace_name(target)) or 0.0
    return min(float(pace), settings.MODEL_CALLS["longest_wait_seconds"])


def _pace_name(target: Configuration) -> str:
    return shared.name_of("pace", target.provider, target.key_label, target.model)
