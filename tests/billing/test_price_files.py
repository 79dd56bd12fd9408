"""Price files: checked entry by entry, compared, and imported without rewriting bills."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.enums import Certainty, Meter
from billing.errors import PriceFileError
from billing.models import MeterPrice, ModelPrice, Usage
from billing.services.price_files import (
    MAX_CHARS,
    MeterEntry,
    ModelEntry,
    diff_prices,
    import_prices,
    parse_prices,
    read_price_file,
)
from billing.services.shipped import PRICES_FILE, import_shipped_prices
from tests.factories.billing import UsageFactory

PRICE = """
[[price]]
model = "claude-new"
valid_from = 2027-01-01T00:00:00Z
input = {input}
output = "15"
cache_write_5m = "3.75"
cache_write_1h = "6"
cache_read = "0.30"
source = "{source}"
certainty = "high"
checked_on = 2026-12-31
"""
METER = """
[[meter]]
meter = "sandbox.ms"
valid_from = 2027-01-01T00:00:00Z
usd = "0.12"
per = 3600000
"""


def price_text(figure: str = '"3"', source: str = "page") -> str:
    return PRICE.format(input=figure, source=source)


def load(text: str) -> int:
    return import_prices(diff_prices(parse_prices(text)))


def stored() -> ModelPrice:
    return ModelPrice.objects.get(model="claude-new")


@pytest.fixture
def tables(db: None) -> None:
    """Only what a test writes: the shipped prices came with the migrations."""
    ModelPrice.objects.all().delete()
    MeterPrice.objects.all().delete()


@pytest.mark.parametrize("figure", ['"0.1"', "0.1"], ids=["text", "float"])
def test_figures_are_read_exactly(figure: str) -> None:
    [entry] = parse_prices(price_text(figure))

    assert isinstance(entry, ModelEntry)
    assert entry.input == Decimal("0.1")
    assert entry.key == {
        "provider": "anthropic",
        "model": "claude-new",
        "valid_from": datetime(2027, 1, 1, tzinfo=UTC),
        "over_prompt_tokens": 0,
    }


def test_meter_is_read() -> None:
    [entry] = parse_prices(METER)

    assert isinstance(entry, MeterEntry)
    assert (entry.meter, entry.usd, entry.per) == (
        Meter.SANDBOX,
        Decimal("0.12"),
        3_600_000,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("price = ", "not TOML"),
        ('[price]\nmodel = "x"', r"\[\[price\]\], in double brackets"),
        ("[[prices]]", "not “prices”"),
        ("[[price]]\n", r"\[\[price\]\] 1 \(\?, \?\): .*model: Field required"),
        (price_text('"-1"'), "claude-new, 2027-01-01.*input: .*greater than or equal"),
        (price_text('"0.1234567"'), "input: .*6 decimal places"),
        (price_text("nan"), "input: .*finite"),
        (price_text("true"), "input: "),
        (price_text() + "outputs = 1\n", "outputs: Extra inputs"),
        (
            price_text().replace("2027-01-01T00:00:00Z", "20270101"),
            "valid_from: .*datetime",
        ),
        (
            price_text().replace("2027-01-01T00:00:00Z", "2027-01-01T00:00:00"),
            "valid_from: .*timezone",
        ),
        (METER.replace("3600000", "0"), "per: .*greater than 0"),
        (METER.replace("sandbox.ms", "sandbox.hours"), "meter: "),
        (price_text() + price_text(), "claude-new · from 2027-01-01 is there twice"),
        ("#" * (MAX_CHARS + 1), "too long"),
    ],
)
def test_mistake_is_named_with_its_entry(text: str, reason: str) -> None:
    with pytest.raises(PriceFileError, match=reason):
        parse_prices(text)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(PriceFileError) as raised:
        parse_prices(price_text('"-1"') + METER.replace("3600000", "0"))

    assert len(str(raised.value).splitlines()) == 2


def test_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="No such file"):
        read_price_file(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xff")
    with pytest.raises(PriceFileError, match="UTF-8"):
        read_price_file(tmp_path / "latin.toml")


def test_diff_sorts_entries_and_rows(tables: None) -> None:
    load(price_text() + METER)
    dearer = price_text('"4"', source="release notes").replace("15", "20")
    diff = diff_prices(
        parse_prices(dearer + METER.replace("2027", "2028") + METER),
    )

    assert [entry.key["valid_from"].year for entry in diff.added] == [2028]
    assert [entry.key["meter"] for entry in diff.same] == [Meter.SANDBOX]
    [change] = diff.changed
    assert {one.name: (one.before, one.after) for one in change.columns} == {
        "input": (Decimal(3), Decimal(4)),
        "output": (Decimal(15), Decimal(20)),
        "source": ("page", "release notes"),
    }
    assert diff.only_here == []
    assert diff_prices([]).only_here == [stored(), MeterPrice.objects.get()]


def test_import_brings_the_tables_to_the_file(tables: None) -> None:
    assert load(price_text() + METER) == 2
    assert load(price_text('"4"') + METER) == 1
    assert load(price_text('"4"') + METER) == 0

    price = stored()
    assert (price.input, price.certainty) == (Decimal(4), Certainty.HIGH)
    assert price.checked_on == date(2026, 12, 31)
    assert MeterPrice.objects.get().usd == Decimal("0.12")


def test_figures_usage_was_billed_by_stay_and_nothing_else_is_imported(
    tables: None,
) -> None:
    load(price_text())
    UsageFactory.create(price=stored())

    with pytest.raises(PriceFileError, match="later valid_from"):
        load(price_text('"4"') + METER)
    assert stored().input == Decimal(3)
    assert not MeterPrice.objects.exists()


def test_price_billed_by_between_diff_and_import_stays(tables: None) -> None:
    load(price_text())
    diff = diff_prices(parse_prices(price_text('"4"')))
    UsageFactory.create(price=stored())

    with pytest.raises(PriceFileError, match="later valid_from"):
        import_prices(diff)


def test_meter_price_billed_by_stays(tables: None) -> None:
    load(METER)
    UsageFactory.create(meter=Meter.SANDBOX, meter_price=MeterPrice.objects.get())

    with pytest.raises(PriceFileError, match="later valid_from"):
        load(METER.replace("0.12", "0.13"))


def test_source_of_a_price_billed_by_may_change(tables: None) -> None:
    load(price_text())
    UsageFactory.create(price=stored())

    assert load(price_text(source="invoice")) == 1
    assert stored().source == "invoice"


def test_row_deleted_between_diff_and_import_is_said(tables: None) -> None:
    load(price_text())
    diff = diff_prices(parse_prices(price_text('"4"')))
    stored().delete()

    with pytest.raises(PriceFileError, match="Compare again"):
        import_prices(diff)


def test_shipped_file_is_valid_and_in_the_tables(db: None) -> None:
    diff = diff_prices(read_price_file(PRICES_FILE))

    assert (diff.added, diff.changed) == ([], [])
    assert import_shipped_prices() == 0


@pytest.mark.parametrize(
    ("column", "own", "kept"),
    [("input", Decimal("2.5"), True), ("source", "my word", False)],
    ids=["figure", "word"],
)
def test_shipping_again_keeps_an_operators_figures(
    tables: None, tmp_path: Path, column: str, own: Any, kept: bool
) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(price_text())
    assert import_shipped_prices(path) == 1
    ModelPrice.objects.update(**{column: own})

    assert import_shipped_prices(path) == 0
    assert (getattr(stored(), column) == own) is kept
    assert not Usage.objects.exists()
