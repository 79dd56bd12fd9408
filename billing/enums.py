"""The words of the ledger and of its limits."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Meter(models.TextChoices):
    """What is measured; a quantity is in the unit that the name ends with."""

    TOKENS = "tokens", _("model tokens")
    SANDBOX = "sandbox.ms", _("sandbox time")
    RECORDING = "recording.ms", _("recorded time")
    STORAGE = "storage.byte_days", _("storage")
    EGRESS = "egress.bytes", _("egress")


class Outcome(models.TextChoices):
    """How a call to a provider ended."""

    FINISHED = "finished", _("finished")
    STOPPED = "stopped", _("stopped by a person")
    REFUSED = "refused", _("refused by the model")
    FAILED = "failed", _("failed")
    TIMED_OUT = "timed_out", _("timed out")
    INTERRUPTED = "interrupted", _("interrupted")
    LOST = "lost", _("never came back")
    CORRECTION = "correction", _("correction")


TROUBLED = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.INTERRUPTED, Outcome.LOST)


class Scope(models.TextChoices):
    """Over what a budget adds spending up."""

    REFERENCE = "reference", _("each interview")
    PAYER_MONTH = "payer_month", _("organisation, per month")
    KEY_DAY = "key_day", _("key, per day")


class ReservationState(models.TextChoices):
    """What became of the money put aside for a call."""

    OPEN = "open", _("open")
    SETTLED = "settled", _("settled")
    RELEASED = "released", _("released")
    EXPIRED = "expired", _("expired")


class AlertLevel(models.TextChoices):
    """Which line of a budget was crossed."""

    SOFT = "soft", _("soft limit")
    HALF = "50", _("50 %")
    MOST = "80", _("80 %")
    ALL = "100", _("100 %")


class Certainty(models.TextChoices):
    """How sure a price is."""

    HIGH = "high", _("high: the vendor's own page")
    MEDIUM = "medium", _("medium: second hand, or a general rule")
    LOW = "low", _("low: to be checked")
