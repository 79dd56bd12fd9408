"""What a light, a medium and a heavy interview would cost at the prices in force."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.models import ModelPrice
from billing.services.pricing import compute_charge
from billing.tokens import TokenCounts


@dataclass(frozen=True)
class Scenario:
    """An interview's chat by its turns and tokens, all turns together."""

    key: str
    label: StrOrPromise
    turns: int
    input_tokens: int
    output_tokens: int


SCENARIOS = (
    Scenario("light", _("light"), 30, 93_000, 52_500),
    Scenario("medium", _("medium"), 45, 167_000, 87_000),
    Scenario("heavy", _("heavy"), 65, 285_000, 150_000),
)


@dataclass(frozen=True)
class ScenarioPrice:
    """US dollars of a scenario with one model."""

    scenario: Scenario
    provider: str
    model: str
    cost_usd: Decimal


def price_scenarios(at: datetime) -> list[ScenarioPrice]:
    """Price every scenario with every model that has a price at that time.

    All input is taken as text that no cache served or stored. The tier of a price goes
    by the mean prompt of a turn. Ordered by provider and model, then as SCENARIOS.
    """
    prices: dict[tuple[str, str], list[ModelPrice]] = {}
    in_force = ModelPrice.objects.filter(valid_from__lte=at).order_by(
        "provider", "model", "-valid_from", "-over_prompt_tokens"
    )
    for price in in_force:
        prices.setdefault((price.provider, price.model), []).append(price)
    return [
        ScenarioPrice(scenario, *model, cost)
        for model, rows in prices.items()
        for scenario in SCENARIOS
        if (cost := _price(scenario, rows)) is not None
    ]


def _price(scenario: Scenario, prices: list[ModelPrice]) -> Decimal | None:
    """Charge at the first row whose tier the prompt of a turn reaches."""
    prompt = scenario.input_tokens // scenario.turns
    counts = TokenCounts(input=scenario.input_tokens, output=scenario.output_tokens)
    reached = (price for price in prices if price.over_prompt_tokens < max(prompt, 1))
    return compute_charge(counts, next(reached, None)).cost
