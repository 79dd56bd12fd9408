"""Budgets: an organisation sets its own; the operator also keeps the defaults."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from billing.admin.base import PayerAdmin, is_operator, payer_of, say_limit
from billing.enums import Scope
from billing.models import Budget
from billing.purposes import purpose_choices, purpose_label
from billing.services.windows import INSTALLATION

_FIELDS = ["scope", "subject", "purpose", "soft_usd", "hard_usd", "is_active"]
_OWN_SCOPES = (Scope.REFERENCE, Scope.PAYER_MONTH)


class BudgetForm(forms.ModelForm[Budget]):
    """Limits of the organisation, or, for the operator, of everybody without own."""

    payer: ClassVar[str] = INSTALLATION
    may_set_defaults: ClassVar[bool] = False

    is_default = forms.BooleanField(
        label=_("For every organisation without its own"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    purpose = forms.ChoiceField(
        label=_("Purpose"), required=False, widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Budget
        fields = _FIELDS
        help_texts = {
            "subject": _("The id of one interview; empty for each of them."),
            "soft_usd": _("From here on people are told and the assistant is briefer."),
            "hard_usd": _(
                "From here on no call is made. Empty: no limit, not even the default."
            ),
            "is_active": _("Out of force, the next more general budget holds."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_purposes()
        if self.may_set_defaults:
            is_stored = not self.instance._state.adding
            self.initial["is_default"] = is_stored and not self.instance.payer
            return
        del self.fields["is_default"]
        scope = self.fields.get("scope")
        if isinstance(scope, forms.ChoiceField):
            scope.choices = [(one.value, one.label) for one in _OWN_SCOPES]

    def _offer_purposes(self) -> None:
        """Offer what calls are made for: a mistyped word would hold nothing."""
        purpose = self.fields.get("purpose")
        if isinstance(purpose, forms.ChoiceField):
            stored = self.instance.purpose
            choices = dict(purpose_choices())
            if stored and stored not in choices:
                choices[stored] = stored
            purpose.choices = [("", _("All together")), *choices.items()]

    def clean(self) -> dict[str, Any]:
        """See that the limits make sense together and that there is one such row."""
        values = super().clean() or {}
        soft, hard = values.get("soft_usd"), values.get("hard_usd")
        if soft is not None and hard is not None and soft > hard:
            self.add_error("soft_usd", _("The soft limit is above the hard one."))
        is_default = bool(values.get("is_default"))
        scope, subject = values.get("scope"), values.get("subject")
        if scope == Scope.KEY_DAY and not is_default:
            self.add_error("scope", _("A key belongs to all organisations together."))
        if scope == Scope.PAYER_MONTH and subject:
            self.add_error(
                "subject", _("A month is the whole organisation's: leave this empty.")
            )
        self.instance.payer = INSTALLATION if is_default else self.payer
        self._refuse_double(values)
        return values

    def _refuse_double(self, values: dict[str, Any]) -> None:
        names = ("scope", "subject", "purpose")
        same = Budget.objects.filter(
            payer=self.instance.payer, **{name: values.get(name) for name in names}
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                _("There is a budget for exactly this already: change that one.")
            )


@admin.register(Budget)
class BudgetAdmin(PayerAdmin[Budget]):
    """What may be spent. A change holds from the next call on."""

    permission_object = "budget"
    form = BudgetForm
    change_form_outer_before_template = "admin/billing/_defaults.html"
    list_display = [
        "scope",
        "whose",
        "subject_words",
        "purpose_words",
        "soft",
        "hard",
        "default_in_force",
        "is_active",
    ]
    list_filter = ["scope", "is_active"]
    readonly_fields = ["default_in_force", "changed_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        """Fetch with each row the default that would hold without it."""
        defaults = Budget.objects.filter(
            payer=INSTALLATION,
            scope=OuterRef("scope"),
            purpose=OuterRef("purpose"),
            subject__in=("", OuterRef("subject")),
            is_active=True,
        ).order_by("-subject")
        return (
            super()
            .get_queryset(request)
            .annotate(
                default_soft=Subquery(defaults.values("soft_usd")[:1]),
                default_hard=Subquery(defaults.values("hard_usd")[:1]),
            )
        )

    def get_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        """Show the default in force beside a stored budget."""
        own = ["is_default", *_FIELDS] if is_operator(request) else _FIELDS
        return [*own, "default_in_force", "changed_at"] if obj else own

    def get_form(
        self,
        request: HttpRequest,
        obj: Budget | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **kwargs: Any,
    ) -> type[forms.ModelForm[Budget]]:
        """Return the form for this payer; only the operator sets defaults."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        given = {
            "payer": payer_of(request),
            "may_set_defaults": is_operator(request),
        }
        return type(form)(form.__name__, (form,), given)  # type: ignore[no-any-return]

    def has_delete_permission(
        self, request: HttpRequest, obj: Budget | None = None
    ) -> bool:
        """Keep the defaults: what ships would come back with the next migrate."""
        if obj is not None and not obj.payer:
            return False
        return super().has_delete_permission(request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show every default above the form."""
        defaults = Budget.objects.filter(payer=INSTALLATION, is_active=True)
        context = {
            "defaults": [
                {
                    "name": str(one),
                    "soft": say_limit(one.soft_usd),
                    "hard": say_limit(one.hard_usd),
                }
                for one in defaults
            ],
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description=_("one only"), ordering="subject")
    def subject_words(self, budget: Budget) -> str:
        """Return which one, or that it is each; there is one month only."""
        if budget.scope == Scope.PAYER_MONTH:
            return ""
        return budget.subject or _now("each")

    @admin.display(description=_("purpose"), ordering="purpose")
    def purpose_words(self, budget: Budget) -> str:
        """Return the purpose, or that it is all of them."""
        return purpose_label(budget.purpose) if budget.purpose else _now("all together")

    @admin.display(description=_("soft limit, $"), ordering="soft_usd")
    def soft(self, budget: Budget) -> str:
        """Return the soft limit in words."""
        return say_limit(budget.soft_usd)

    @admin.display(description=_("hard limit, $"), ordering="hard_usd")
    def hard(self, budget: Budget) -> str:
        """Return the hard limit in words."""
        return say_limit(budget.hard_usd)

    @admin.display(description=_("default in force, $"))
    def default_in_force(self, budget: Budget) -> str:
        """Return the limits that would hold without this row, if it is no default."""
        if not budget.payer:
            return ""
        soft: Decimal | None = getattr(budget, "default_soft", None)
        hard: Decimal | None = getattr(budget, "default_hard", None)
        if soft is None and hard is None:
            return _now("no limit")
        return _now("soft %(soft)s, hard %(hard)s") % {
            "soft": say_limit(soft),
            "hard": say_limit(hard),
        }

    @admin.display(description=_("for"), ordering="payer")
    def whose(self, budget: Budget) -> str:
        """Say whether it is the organisation's own."""
        return _now("this organisation") if budget.payer else _now("the default")
