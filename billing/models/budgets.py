"""What holds spending in bounds: accounts, budgets, running sums, reservations."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from base.ids import new_uuid
from billing.enums import AlertLevel, ReservationState, Scope
from billing.fields import UsdField
from billing.models.usage import Usage


class Account(models.Model):
    """One payer, lockable; an empty payer stands for the whole installation."""

    payer = models.CharField(_("payer"), max_length=64, unique=True, blank=True)
    stopped_at = models.DateTimeField(_("spending stopped"), null=True, blank=True)
    stop_reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["payer"]

    def __str__(self) -> str:
        return self.payer or str(_("the whole installation"))


class Budget(models.Model):
    """Limits on what a scope may spend; an empty word means "whichever".

    The most specific row wins as a whole: own payer and subject, own payer, default
    with subject, default. A default has no payer and ships with the product. A limit
    that is empty does not hold anything.
    """

    payer = models.CharField(_("payer"), max_length=64, blank=True)
    scope = models.CharField(_("over"), max_length=16, choices=Scope)
    subject = models.CharField(_("one only"), max_length=64, blank=True)
    purpose = models.CharField(_("purpose"), max_length=32, blank=True)
    soft_usd = UsdField(_("soft limit, US dollars"), null=True, blank=True)
    hard_usd = UsdField(_("hard limit, US dollars"), null=True, blank=True)
    is_active = models.BooleanField(_("in force"), default=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["payer", "scope", "subject", "purpose"]
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "scope", "subject", "purpose"], name="budget_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(soft_usd__isnull=True) | models.Q(soft_usd__gte=0),
                name="budget_soft_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(hard_usd__isnull=True) | models.Q(hard_usd__gte=0),
                name="budget_hard_not_negative",
            ),
        ]

    def __str__(self) -> str:
        words = [self.get_scope_display(), self.subject, self.purpose]
        return " · ".join(word for word in words if word)


class SpendWindow(models.Model):
    """The running sum of one scope over one period: what budgets are held against.

    A key is the installation's: its sums have no payer. Every other scope's subject
    is one payer's word, which may be another one's, too.
    `spent_usd` is the sum of its ledger rows' costs and bounds, `reserved_usd` the
    sum of its open reservations. Simulated spending is added up apart.
    """

    payer = models.CharField(_("payer"), max_length=64, blank=True)
    scope = models.CharField(_("over"), max_length=16, choices=Scope)
    subject = models.CharField(_("subject"), max_length=64)
    purpose = models.CharField(_("purpose"), max_length=32, blank=True)
    starts_on = models.DateField(_("from"))
    is_simulated = models.BooleanField(_("simulated"), default=False)
    spent_usd = UsdField(_("spent, US dollars"), default=0)
    reserved_usd = UsdField(_("reserved, US dollars"), default=0)

    class Meta:
        verbose_name = _("running sum")
        verbose_name_plural = _("running sums")
        ordering = ["-starts_on", "scope", "subject", "purpose"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "payer",
                    "scope",
                    "subject",
                    "purpose",
                    "starts_on",
                    "is_simulated",
                ],
                name="spend_window_unique",
            )
        ]
        indexes = [models.Index(fields=["payer", "scope", "starts_on"])]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} · {self.subject} · {self.starts_on}"


class Reservation(models.Model):
    """Money put aside for one call until its real usage is known, or it expires."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="reservations"
    )
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    group = models.CharField(_("group"), max_length=64, blank=True)
    labels = models.JSONField(_("labels"), default=dict)
    provider = models.CharField(_("provider"), max_length=32)
    model = models.CharField(_("model"), max_length=100)
    purpose = models.CharField(_("purpose"), max_length=32)
    key_label = models.CharField(_("key"), max_length=64, blank=True)
    is_simulated = models.BooleanField(_("simulated"), default=False)
    amount_usd = UsdField(_("reserved, US dollars"))
    state = models.CharField(
        max_length=8, choices=ReservationState, default=ReservationState.OPEN
    )
    at = models.DateTimeField(_("time"), default=now)
    expires_at = models.DateTimeField(_("expires"))
    usage = models.OneToOneField(
        Usage, null=True, on_delete=models.PROTECT, related_name="reservation"
    )

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-at"]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state="open"),
                name="reservation_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.model} · {self.reference}"


class BudgetAlert(models.Model):
    """A line of a budget that was crossed: told once for each value of the limit."""

    window = models.ForeignKey(
        SpendWindow, on_delete=models.CASCADE, related_name="alerts"
    )
    level = models.CharField(_("level"), max_length=4, choices=AlertLevel)
    limit_usd = UsdField(_("limit, US dollars"))
    spent_usd = UsdField(_("spent, US dollars"))
    at = models.DateTimeField(_("time"), default=now)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    class Meta:
        verbose_name = _("budget alert")
        verbose_name_plural = _("budget alerts")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["window", "level", "limit_usd"], name="budget_alert_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.window} · {self.get_level_display()}"
