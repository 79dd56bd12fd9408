"""What is written once stays as it was, whichever way it is written to."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from base.immutable import ImmutableError
from billing.models import Usage
from tests.factories.billing import UsageFactory

pytestmark = pytest.mark.django_db


def _save(row: Usage) -> None:
    row.cost_usd = Decimal(0)
    row.save()


def _save_one_field(row: Usage) -> None:
    row.cost_usd = Decimal(0)
    row.save(update_fields=["cost_usd"])


def _update(row: Usage) -> None:
    Usage.objects.filter(pk=row.pk).update(cost_usd=Decimal(0))


def _update_or_create(row: Usage) -> None:
    Usage.objects.update_or_create(pk=row.pk, defaults={"cost_usd": Decimal(0)})


def _bulk_update(row: Usage) -> None:
    row.cost_usd = Decimal(0)
    Usage.objects.bulk_update([row], ["cost_usd"])


def _bulk_create_over(row: Usage) -> None:
    Usage.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["cost_usd"],
    )


def _add_to_related(row: Usage) -> None:
    row.corrections.add(UsageFactory.create())


def _delete(row: Usage) -> None:
    row.delete()


def _delete_all(_row: Usage) -> None:
    Usage.objects.all().delete()


@pytest.mark.parametrize(
    "write",
    [
        _save,
        _save_one_field,
        _update,
        _update_or_create,
        _bulk_update,
        _bulk_create_over,
        _add_to_related,
        _delete,
        _delete_all,
    ],
)
def test_row_that_is_written_cannot_be_changed(write: Callable[[Usage], None]) -> None:
    row = UsageFactory.create()

    with pytest.raises(ImmutableError), transaction.atomic():
        write(Usage.objects.get(pk=row.pk))

    assert Usage.objects.get(pk=row.pk).cost_usd == row.cost_usd
    assert not Usage.objects.exclude(corrects=None).exists()


def test_new_row_with_an_old_number_does_not_overwrite() -> None:
    row = UsageFactory.create()
    other = UsageFactory.build(pk=row.pk, cost_usd=Decimal(0))

    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()

    assert Usage.objects.get(pk=row.pk).cost_usd == row.cost_usd


def test_new_rows_are_written_one_by_one_and_together() -> None:
    UsageFactory.build().save()
    Usage.objects.bulk_create([UsageFactory.build(), UsageFactory.build()])

    assert Usage.objects.count() == 3
