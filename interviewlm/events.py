"""The kinds of events that more than one app has a part in."""

from decimal import Decimal
from typing import ClassVar

from interviews.timeline.registry import Payload, register_kind


@register_kind
class BudgetReached(Payload):
    """Spending on the interview crossed a line; `purpose` is empty for all together.

    Written for the record: candidates and those without the right to see cost do
    not get to read the dollars.
    """

    kind: ClassVar[str] = "budget.reached"
    level: str
    scope: str
    purpose: str
    spent_usd: Decimal
    limit_usd: Decimal
    is_simulated: bool = False
