"""Limits of the assistant that an assessment may lower, by their names in settings."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrPromise

LOWERABLE: Mapping[str, StrPromise] = {
    "asks_per_minute": gettext_lazy("Questions a minute"),
    "output_tokens": gettext_lazy("Tokens written in one step of an answer"),
    "chain_tokens_pair": gettext_lazy("Tokens written for one question (pair)"),
    "chain_tokens_agent": gettext_lazy("Tokens written for one question (agent)"),
    "steps_pair": gettext_lazy("Steps of one answer (pair)"),
    "steps_agent": gettext_lazy("Steps of one answer (agent)"),
    "model_hints": gettext_lazy("Hints by the assistant in a section"),
    "minute_requests": gettext_lazy("Model calls a minute"),
    "minute_tokens": gettext_lazy("Tokens a minute"),
    "minute_cost_usd": gettext_lazy("US dollars a minute"),
    "turn_requests": gettext_lazy("Model calls for one answer"),
    "turn_tokens": gettext_lazy("Tokens for one answer"),
    "turn_cost_usd": gettext_lazy("US dollars for one answer"),
    "interview_requests": gettext_lazy("Model calls in the interview"),
    "interview_tokens": gettext_lazy("Tokens in the interview"),
    "interview_cost_usd": gettext_lazy("US dollars in the interview"),
}


def check_limits(own: Mapping[str, str]) -> dict[str, int | str]:
    """Return limits as they are kept: whole numbers, and US dollars as text.

    Raises ValueError, in words, for an unknown one and for one that is not lower.
    """
    return {name: _check(name, value) for name, value in own.items()}


def _check(name: str, value: str) -> int | str:
    if name not in LOWERABLE:
        raise ValueError(_("“%(name)s” is no limit.") % {"name": name})
    most = Decimal(settings.LIMITS[name])
    is_money = name.endswith("_usd")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (not is_money and number != int(number)):
        raise ValueError(_("%(limit)s: not a number.") % {"limit": LOWERABLE[name]})
    least = 0 if is_money or name == "model_hints" else 1
    if not least <= number <= most:
        raise ValueError(
            _("%(limit)s: between %(least)s and %(most)s; limits are only lowered.")
            % {"limit": LOWERABLE[name], "least": least, "most": most}
        )
    return str(number) if is_money else int(number)
