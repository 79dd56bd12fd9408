"""How keys and breakers stand, for /metrics: the same from every process with Redis."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from assistant.configuration import ANTHROPIC, read_configuration
from assistant.errors import NotConfiguredError
from assistant.model_checks import models_in_use
from assistant.providers.breaker import Breaker
from assistant.providers.key_health import read_health

_LEVELS = {"closed": 0, "half_open": 1, "open": 2}


def collect_models() -> Iterator[Metric]:
    """Yield the breakers' states and whether each key rests; labels are no secrets."""
    breakers = GaugeMetricFamily(
        "interviewlm_breaker_state",
        "The breaker of a model: 0 closed, 1 half open, 2 open",
        labels=["provider", "model"],
    )
    for name in models_in_use():
        state = Breaker(ANTHROPIC, name).read_state()
        breakers.add_metric([ANTHROPIC, name], _LEVELS[state])
    yield breakers
    keys = GaugeMetricFamily(
        "interviewlm_key_rest_seconds",
        "How long a key is left alone after a refusal; 0 for one in use",
        labels=["provider", "key", "code"],
    )
    try:
        health = read_health(read_configuration())
    except NotConfiguredError:
        health = []
    for key in health:
        keys.add_metric([key.provider, key.label, key.code], key.seconds)
    yield keys
