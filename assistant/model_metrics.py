"""How keys and breakers stand, for /metrics: the same from every process with Redis."""

from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

from assistant.configuration import (
    ANTHROPIC,
    Configuration,
    aim,
    read_configuration,
    split_model,
)
from assistant.errors import NotConfiguredError
from assistant.model_checks import models_in_use
from assistant.providers.breaker import Breaker
from assistant.providers.key_health import keys_of, read_health, read_limits

_LEVELS = {"closed": 0, "half_open": 1, "open": 2}


def collect_models() -> Iterator[Metric]:
    """Yield how breakers and keys stand, gateways' too; labels are no secrets."""
    breakers = GaugeMetricFamily(
        "interviewlm_breaker_state",
        "The breaker of a model: 0 closed, 1 half open, 2 open",
        labels=["provider", "model"],
    )
    for provider, model in _ways():
        state = Breaker(provider, model).read_state()
        breakers.add_metric([provider, model], _LEVELS[state])
    yield breakers
    targets = _targets()
    keys = GaugeMetricFamily(
        "interviewlm_key_rest_seconds",
        "How long a key is left alone after a refusal; 0 for one in use",
        labels=["provider", "key", "code"],
    )
    firsts = {target.provider: target for target in reversed(targets)}
    for target in firsts.values():
        for key in read_health(target):
            keys.add_metric([key.provider, key.label, key.code], key.seconds)
    yield keys
    yield _limits(targets)


def _ways() -> list[tuple[str, str]]:
    """Return every provider and model that a call may go to."""
    others = [split_model(name) for name in settings.ASSISTANT_FALLBACK_MODELS]
    ways = [(ANTHROPIC, name) for name in models_in_use()]
    return ways + [way for way in others if way[0] != ANTHROPIC]


def _targets() -> list[Configuration]:
    """Return how to reach each of them, the configured model first."""
    try:
        first = read_configuration()
    except NotConfiguredError:
        return []
    names = [*models_in_use(), *settings.ASSISTANT_FALLBACK_MODELS]
    aimed = (aim(first, name) for name in dict.fromkeys(names))
    others = [target for target in aimed if target is not None and target != first]
    return [first, *others]


def _limits(targets: list[Configuration]) -> GaugeMetricFamily:
    """Return what is left of each key's rate limits, as the provider last said."""
    family = GaugeMetricFamily(
        "interviewlm_rate_limit_left_ratio",
        "What is left of a key's limit for a model until its reset; 1 is all of it",
        labels=["provider", "key", "model", "what"],
    )
    for target in targets:
        for key in keys_of(target):
            own = replace(target, api_key=key.secret, key_label=key.label)
            for limit in read_limits(own):
                labels = [own.provider, key.label, own.model, limit.what]
                family.add_metric(labels, limit.left / limit.limit)
    return family
