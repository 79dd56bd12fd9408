"""Prices in the back office: kept once billed by, imported in two steps."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from billing.enums import Meter
from billing.models import (
    ModelPrice,
)
from billing.services.price_files import MAX_CHARS
from tests.billing.back_office import act, change_url, list_url, signed_in
from tests.billing.test_price_files import METER, price_text
from tests.factories.billing import (
    MeterPriceFactory,
    ModelPriceFactory,
    UsageFactory,
)
from tests.factories.people import People

IMPORT = "/admin/billing/modelprice/import/"


@pytest.mark.parametrize(
    ("factory", "link"),
    [(ModelPriceFactory, "price"), (MeterPriceFactory, "meter_price")],
    ids=["model", "meter"],
)
def test_price_usage_was_billed_by_stays(
    operator: User, factory: Any, link: str
) -> None:
    price = factory.create()
    client = signed_in(operator)
    assert "add another one" not in client.get(change_url(price)).content.decode()
    UsageFactory.create(**{link: price})

    page = client.get(change_url(price)).content.decode()
    assert "add another one with a later date" in page
    assert client.post(change_url(price), {}).status_code == 403
    act(client, "delete_selected", price, post="yes")
    assert type(price).objects.filter(pk=price.pk).exists()


def test_operator_mends_a_price_nothing_was_billed_by(operator: User) -> None:
    price = MeterPriceFactory.create(usd=Decimal("0.12"))
    client = signed_in(operator)
    form = client.get(change_url(price)).context["adminform"].form
    values = {
        "meter": Meter.SANDBOX,
        "valid_from_0": "2025-01-01",
        "valid_from_1": "00:00:00",
        "usd": form["usd"].value(),
        "per": "1000",
        "certainty": "high",
    }
    assert client.post(change_url(price), values).status_code == 302

    price.refresh_from_db()
    assert (price.usd, price.per) == (Decimal("0.12"), 1000)
    assert client.post(change_url(price), {**values, "usd": "-1"}).status_code == 200


def test_owner_reads_prices_only(people: People) -> None:
    price = ModelPriceFactory.create()
    client = signed_in(people.owner)

    assert "Price file" not in client.get(list_url(ModelPrice)).content.decode()
    assert client.post(change_url(price), {}).status_code == 403
    assert client.get(reverse("admin:billing_modelprice_add")).status_code == 403
    assert client.post(IMPORT, {"text": price_text()}).status_code == 403


def upload(client: Client, text: str | bytes) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(IMPORT, {"file": SimpleUploadedFile("p.toml", content)})


def test_price_file_is_shown_first_and_imported_on_confirmation(
    operator: User, people: People
) -> None:
    client = signed_in(operator)
    shown = upload(client, price_text() + METER)
    page = shown.content.decode()
    assert "claude-new · from 2027-01-01" in page
    assert not ModelPrice.objects.filter(model="claude-new").exists()

    confirmed = {"text": shown.context["text"], "seen": shown.context["seen"]}
    answer = client.post(IMPORT, confirmed, follow=True)
    assert "2 prices are imported." in answer.content.decode()
    assert ModelPrice.objects.get(model="claude-new").input == Decimal(3)
    assert AuditEntry.objects.get(action="prices.imported").details == {
        "added": [
            "claude-new · from 2027-01-01",
            "sandbox time · from 2027-01-01",
        ],
        "changed": [],
    }


def test_price_file_is_shown_again_when_the_tables_changed_meanwhile(
    operator: User,
) -> None:
    client = signed_in(operator)
    shown = upload(client, price_text())
    entry = {"model": "claude-new", "valid_from": datetime(2027, 1, 1, tzinfo=UTC)}
    price = ModelPriceFactory.create(**entry, input=Decimal(2))
    confirmed = {"text": shown.context["text"], "seen": shown.context["seen"]}
    again = client.post(IMPORT, confirmed)

    assert "input: 2 → 3" in again.content.decode()
    price.refresh_from_db()
    assert price.input == Decimal(2)


def test_price_file_that_would_rewrite_bills_cannot_be_confirmed(
    operator: User,
) -> None:
    client = signed_in(operator)
    entry = {"model": "claude-new", "valid_from": datetime(2027, 1, 1, tzinfo=UTC)}
    UsageFactory.create(price=ModelPriceFactory.create(**entry, input=Decimal(2)))
    shown = upload(client, price_text())

    page = shown.content.decode()
    assert "Give the new ones a later valid_from" in page
    assert ">Import</button>" not in page
    confirmed = {"text": shown.context["text"], "seen": shown.context["seen"]}
    answer = client.post(IMPORT, confirmed, follow=True)
    assert "Give the new ones a later valid_from" in answer.content.decode()
    assert ModelPrice.objects.get(model="claude-new").input == Decimal(2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "This is no price file."),
        (b"  \n", "Choose a price file first."),
        (b"\xff\xfe", "This file is not UTF-8 text."),
        (b"#" * (MAX_CHARS + 1), "This is too long for a price file."),
        (b"[[price]]", "[[price]] 1 (?, ?): "),
    ],
    ids=["empty", "blank", "no text", "long", "mistaken"],
)
def test_bad_price_file_is_said(operator: User, content: bytes, reason: str) -> None:
    client = signed_in(operator)
    answer = upload(client, content)
    assert answer.status_code == 302

    page = client.get(answer["Location"]).context
    assert [str(message)[: len(reason)] for message in page["messages"]] == [reason]


def test_price_import_takes_posts_only(operator: User) -> None:
    assert signed_in(operator).get(IMPORT).status_code == 405
