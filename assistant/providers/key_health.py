"""Which key a call uses: they take turns, and one that was refused rests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from assistant.configuration import Configuration
from assistant.keys import Key, read_keys
from assistant.providers import shared
from base.clock import now

_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")
_LONGEST_PACE_SECONDS = 60.0
_LIMITS_KEPT_SECONDS = 3600.0
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
    `is_spent` says that they are, for longer than anybody is let wait.
    """

    target: Configuration | None
    wait: float = 0.0
    code: str = ""
    pause: float = 0.0
    is_spent: bool = False


@dataclass(frozen=True)
class KeyHealth:
    """How a key fares, for people; `code` says why it rests."""

    provider: str
    label: str
    code: str
    seconds: float


def choose_key(target: Configuration, *, prefer: str = "") -> KeyChoice:
    """Return the target with the key whose turn it is, of those that do not rest.

    A key labelled `prefer` goes before the others: the prompt cache is of an account.
    It gives way where its limits would have the call wait for long, and another's
    would not. Where all of them rest, a rate limit is waited for; a key that was not
    accepted is tried again, for somebody may have mended it.
    """
    keys = sorted(_in_turn(keys_of(target)), key=lambda key: key.label != prefer)
    aimed = [replace(target, api_key=key.secret, key_label=key.label) for key in keys]
    resting = [_rest_of(each) for each in aimed]
    awake = [each for each, rest in zip(aimed, resting, strict=True) if not rest[1]]
    if awake:
        return _choose_pace(awake)
    best = min(range(len(keys)), key=lambda position: resting[position][0])
    seconds, code = resting[best]
    if code == "rate_limit_error":
        return KeyChoice(None, wait=seconds, code=code)
    return _choose_pace([aimed[best]])


def _choose_pace(aimed: Sequence[Configuration]) -> KeyChoice:
    """Return the first way that has not to wait for long, else the shortest wait."""
    paces = [_read_pace(each) for each in aimed]
    patience = settings.MODEL_CALLS["pace_patience_seconds"]
    position = next(
        (number for number, pace in enumerate(paces) if pace <= patience),
        paces.index(min(paces)),
    )
    longest = settings.MODEL_CALLS["longest_wait_seconds"]
    pace = paces[position]
    return KeyChoice(aimed[position], pause=min(pace, longest), is_spent=pace > longest)


def take_slot(target: Configuration, pause: float) -> float:
    """Return how long a call has to wait behind those held back just before it."""
    if pause <= 0:
        return 0.0
    name = shared.name_of("pace-slot", *_pace_parts(target))
    number = max(shared.count(name, pause), 1)
    return float(min(pause * number, settings.MODEL_CALLS["longest_wait_seconds"]))


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


@dataclass(frozen=True)
class RateLimit:
    """What is left of one of a key's limits for a model, for so many seconds."""

    what: str
    limit: float
    left: float
    seconds: float

    @property
    def pace(self) -> float:
        """Seconds between two calls that make it last; 0 while there is plenty."""
        is_low = self.left < self.limit * settings.MODEL_CALLS["pace_below"]
        if not is_low or self.seconds <= 0:
            return 0.0
        # Tokens are not calls: how many calls are left is not known, so a part counts.
        is_counted = self.what == "requests"
        calls = self.left if is_counted else self.left / self.limit * 100
        return min(self.seconds, _LONGEST_PACE_SECONDS) / max(calls, 1.0)


def note_limits(target: Configuration, headers: Mapping[str, str]) -> None:
    """Remember what a response says is left of the key's limits for this model.

    Reads `anthropic-ratelimit-<what>-{limit,remaining,reset}`.
    """
    found = {}
    for what in _LIMITS:
        prefix = f"anthropic-ratelimit-{what}"
        try:
            limit = float(headers[f"{prefix}-limit"])
            left = float(headers[f"{prefix}-remaining"])
            reset = datetime.fromisoformat(headers[f"{prefix}-reset"]).timestamp()
        except (KeyError, ValueError, TypeError):
            continue
        if limit > 0 and reset > now().timestamp():
            found[what] = (limit, left, reset)
    if found:
        until = max(reset for _limit, _left, reset in found.values())
        seconds = min(until - now().timestamp(), _LIMITS_KEPT_SECONDS)
        shared.write(_limits_name(target), found, seconds + 1)


def read_limits(target: Configuration) -> list[RateLimit]:
    """Return what was last said of the limits of the target's key for its model."""
    at = now().timestamp()
    found = shared.read(_limits_name(target)) or {}
    return [
        RateLimit(what, limit, left, reset - at)
        for what, (limit, left, reset) in found.items()
        if reset > at
    ]


def _read_pace(target: Configuration) -> float:
    return max((limit.pace for limit in read_limits(target)), default=0.0)


def _limits_name(target: Configuration) -> str:
    return shared.name_of("rate-limits", *_pace_parts(target))


def _pace_parts(target: Configuration) -> tuple[str, str, str]:
    return target.provider, target.api_key, target.model
