"""Prometheus counters of this process: calls, tokens, dollars, refusals."""

from prometheus_client import Counter

from billing.models import Usage

_LABELS = ["purpose", "model", "outcome", "simulated"]
CALLS = Counter("interviewlm_usage_rows", "Rows written to the usage ledger", _LABELS)
TOKENS = Counter(
    "interviewlm_usage_tokens",
    "Tokens by kind",
    ["purpose", "model", "kind", "simulated"],
)
DOLLARS = Counter(
    "interviewlm_usage_usd",
    "Known cost in US dollars",
    ["purpose", "model", "simulated"],
)
UNKNOWN = Counter(
    "interviewlm_usage_unknown_cost",
    "Rows without a known cost",
    ["purpose", "model", "simulated"],
)
REFUSALS = Counter(
    "interviewlm_budget_refusals", "Calls a budget or a stop refused", ["scope"]
)


def count_usage(usage: Usage) -> None:
    """Count a row that was committed, corrections among them by their outcome.

    Simulated rows are a series of their own everywhere.
    """
    model = usage.model or usage.meter
    simulated = "yes" if usage.is_simulated else "no"
    CALLS.labels(usage.purpose, model, str(usage.outcome), simulated).inc()
    for kind, tokens in (
        ("input", usage.input_tokens),
        ("cache_write", usage.cache_write_5m_tokens + usage.cache_write_1h_tokens),
        ("cache_read", usage.cache_read_tokens),
        ("output", usage.output_tokens),
        (
            "audio",
            usage.audio_input_tokens
            + usage.audio_cached_tokens
            + usage.audio_output_tokens,
        ),
    ):
        if tokens > 0:
            TOKENS.labels(usage.purpose, model, kind, simulated).inc(tokens)
    if usage.cost_usd is None:
        UNKNOWN.labels(usage.purpose, model, simulated).inc()
    elif usage.cost_usd > 0:
        # A counter never falls: what a correction takes back stays in the ledger.
        DOLLARS.labels(usage.purpose, model, simulated).inc(float(usage.cost_usd))


def count_refusal(scope: str) -> None:
    """Count a call that was not made."""
    REFUSALS.labels(scope).inc()
