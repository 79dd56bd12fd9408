"""What `doctor` asks about prices: is there one for each model in use, is it fresh."""

from collections.abc import Iterable
from datetime import timedelta

from base.clock import now
from base.readiness import Finding
from billing.enums import Certainty, Meter
from billing.models import ModelPrice, Usage
from billing.services.pricing import find_price

STALE = timedelta(days=90)
RECENT = timedelta(days=30)
Model = tuple[str, str]


def check_prices(configured: Iterable[Model]) -> Finding:
    """See that every model in use has a price that somebody checked lately.

    `configured` are (provider, model) pairs; the models of the last 30 days' real
    calls come on top.
    """
    at = now()
    prices: dict[Model, list[ModelPrice]] = {}
    missing = []
    for provider, model in sorted({*configured, *_used_models()}):
        price = find_price(provider, model, at=at, prompt_tokens=0)
        if price is None:
            missing.append(model)
        else:
            prices[provider, model] = list(
                ModelPrice.objects.filter(
                    provider=provider, model=model, valid_from=price.valid_from
                )
            )
    if missing:
        return Finding(
            "failed",
            f"No price for: {', '.join(missing)}. What it costs is unknown.",
            "Add a price in the admin, or: manage.py prices import FILE --apply",
        )
    doubtful = [
        f"{model} ({reason})"
        for (_provider, model), tiers in prices.items()
        if (reason := _doubt(tiers))
    ]
    if doubtful:
        return Finding(
            "warning",
            f"Prices to check: {', '.join(doubtful)}.",
            "Compare with the vendor's page; set certainty and last checked.",
        )
    return Finding(message=f"{len(prices)} models in use")


def _used_models() -> set[Model]:
    rows = Usage.objects.filter(
        at__gte=now() - RECENT, is_simulated=False, meter=Meter.TOKENS
    ).exclude(model="")
    return set(rows.order_by().values_list("provider", "model").distinct())


def _doubt(tiers: list[ModelPrice]) -> str:
    oldest = (now() - STALE).date()
    if any(tier.checked_on is None for tier in tiers):
        return "never checked"
    if any(tier.checked_on and tier.checked_on < oldest for tier in tiers):
        return f"not checked for {STALE.days} days"
    if any(tier.certainty == Certainty.LOW for tier in tiers):
        return "of low certainty"
    return ""
