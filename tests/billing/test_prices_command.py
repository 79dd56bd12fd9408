"""`prices`: list, diff, and an import that only acts when told to."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.models import MeterPrice, ModelPrice
from tests.billing.test_price_files import METER, price_text
from tests.factories.billing import UsageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return a file beside tables that know its model price alone."""
    MeterPrice.objects.all().delete()
    ModelPrice.objects.all().delete()
    path = tmp_path / "prices.toml"
    path.write_text(price_text())
    call_command("prices", "import", str(path), "--apply", "--json")
    path.write_text(price_text('"4"') + METER)
    return str(path)


def test_list_prints_every_price(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    call_command("prices", "list")
    line = "claude-new · from 2027-01-01: 3 / 15 / 3.75 / 6 / 0.3"
    assert line in capsys.readouterr().out

    call_command("prices", "list", "--json")
    [price] = json.loads(capsys.readouterr().out)
    assert (price["model"], price["input"], price["certainty"]) == (
        "claude-new",
        "3",
        "high",
    )


@pytest.mark.parametrize("action", ["diff", "import"])
def test_nothing_changes_without_apply(
    file: str, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    call_command("prices", action, file)

    out = capsys.readouterr().out
    assert "+ sandbox time · from 2027-01-01" in out
    assert "input: 3 → 4" in out
    assert "1 added, 1 changed, 0 the same, 0 only here." in out
    assert ("--apply" in out) is (action == "import")
    assert ModelPrice.objects.get().input == Decimal(3)
    assert not MeterPrice.objects.exists()


def test_import_with_apply(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    call_command("prices", "import", file, "--apply", "--json")

    facts = json.loads(capsys.readouterr().out)
    assert facts["imported"] == 2
    assert facts["changed"][0]["columns"] == {"input": ["3", "4"]}
    assert facts["added"][0]["meter"] == "sandbox.ms"
    assert ModelPrice.objects.get().input == Decimal(4)
    assert MeterPrice.objects.get().usd == Decimal("0.12")

    call_command("prices", "import", file, "--apply")
    assert "Imported: 0." in capsys.readouterr().out


def test_refused_change_is_shown_and_not_imported(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    UsageFactory.create(price=ModelPrice.objects.get())
    call_command("prices", "diff", file)
    assert "refused: claude-new" in capsys.readouterr().out

    with pytest.raises(CommandError, match="later valid_from"):
        call_command("prices", "import", file, "--apply")
    assert ModelPrice.objects.get().input == Decimal(3)


def test_bad_file_is_a_command_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("prices", "diff", str(tmp_path / "none.toml"))
