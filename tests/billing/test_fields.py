"""Money is kept exactly, adds up exactly, and reads like money in a form."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.forms import modelform_factory

from billing.fields import UsdField, rounded
from billing.models import Budget, Usage
from tests.factories.billing import BudgetFactory, UsageFactory

AMOUNTS = ["0.1", "0.2", "0.000000000001", "123456.789012345678", "-0.3"]


@pytest.mark.django_db
def test_amounts_come_back_and_add_up_exactly() -> None:
    for amount in AMOUNTS:
        UsageFactory.create(cost_usd=Decimal(amount))

    kept = Usage.objects.order_by("pk").values_list("cost_usd", flat=True)
    total = Usage.objects.aggregate(total=Sum("cost_usd"))["total"]

    assert list(kept) == [Decimal(amount) for amount in AMOUNTS]
    assert total == Decimal("123456.789012345679")


@pytest.mark.django_db
def test_amounts_are_found_by_their_value() -> None:
    usage = UsageFactory.create(cost_usd=Decimal("0.25"))
    UsageFactory.create(cost_usd=Decimal("0.5"))

    assert Usage.objects.get(cost_usd=Decimal("0.25")) == usage
    assert Usage.objects.get(cost_usd__lt=Decimal("0.3")) == usage


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.0000000000005", "0"),
        ("0.0000000000015", "2E-12"),
        ("-0.0000000000015", "-2E-12"),
        ("0.00000000000250000000000000000000001", "3E-12"),
    ],
)
def test_half_a_unit_goes_to_the_even_one(amount: str, expected: str) -> None:
    assert rounded(Decimal(amount)) == Decimal(expected)


@pytest.mark.django_db
def test_form_of_a_saved_amount_can_be_sent_back() -> None:
    budget = BudgetFactory.create(soft_usd=Decimal("2.50"), hard_usd=Decimal(1_000))
    budget.refresh_from_db()
    form_class = modelform_factory(Budget, fields=["soft_usd", "hard_usd"])

    shown = form_class(instance=budget)
    values = {name: shown[name].value() for name in ("soft_usd", "hard_usd")}
    sent = form_class(values, instance=budget)

    assert values == {"soft_usd": "2.5", "hard_usd": "1000"}
    assert sent.is_valid(), sent.errors
    assert not sent.has_changed()


@pytest.mark.parametrize("text", ["ten", "NaN", "Infinity", "10000000"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    field = UsdField()

    with pytest.raises(ValidationError):
        field.clean(text, None)
