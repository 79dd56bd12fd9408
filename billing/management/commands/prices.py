"""`prices`: what is in force, what a price file would change, and importing it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.errors import PriceFileError
from billing.models import MeterPrice, ModelPrice
from billing.services.price_files import (
    Entry,
    PriceDiff,
    Row,
    diff_prices,
    import_prices,
    name_price,
    read_price_file,
    say_refusal,
)

_SHOWN = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")


class Command(BaseCommand):
    """Lists, compares and imports; importing without --apply changes nothing."""

    help = "List prices, compare them with a file, import the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="print every price")
        comparing = actions.add_parser("diff", help="print what a file would change")
        importing = actions.add_parser("import", help="bring the prices to a file")
        for one in (comparing, importing):
            one.add_argument("file", type=Path, help="TOML, like billing/prices.toml")
        importing.add_argument(
            "--apply", action="store_true", help="really change the prices"
        )
        for one in (listing, comparing, importing):
            one.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked and print it."""
        if options["action"] == "list":
            self._list(as_json=options["json"])
            return
        is_applied = bool(options.get("apply"))
        try:
            diff = diff_prices(read_price_file(options["file"]))
            count = import_prices(diff) if is_applied else 0
        except PriceFileError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            facts = {**_diff_facts(diff), "imported": count}
            self.stdout.write(json.dumps(facts))
            return
        self._print_diff(diff)
        if is_applied:
            self.stdout.write(f"Imported: {count}.")
        elif options["action"] == "import":
            self.stdout.write("Nothing was changed; add --apply to import.")

    def _list(self, *, as_json: bool) -> None:
        models, meters = ModelPrice.objects.all(), MeterPrice.objects.all()
        if as_json:
            facts = [*map(_model_facts, models), *map(_meter_facts, meters)]
            self.stdout.write(json.dumps(facts))
            return
        for price in models:
            figures = " / ".join(_plain(getattr(price, name)) for name in _SHOWN)
            self.stdout.write(f"{name_price(price)}: {figures} ({_words_of(price)})")
        for meter in meters:
            figures = f"{_plain(meter.usd)} for {meter.per}"
            self.stdout.write(f"{name_price(meter)}: {figures} ({_words_of(meter)})")

    def _print_diff(self, diff: PriceDiff) -> None:
        for entry in diff.added:
            self.stdout.write(f"+ {name_price(entry)}")
        for change in diff.changed:
            self.stdout.write(f"~ {name_price(change.entry)}")
            for column in change.columns:
                before, after = _plain(column.before), _plain(column.after)
                self.stdout.write(f"    {column.name}: {before} → {after}")
            if change.is_refused:
                self.stdout.write(f"    refused: {say_refusal(change)}")
        for row in diff.only_here:
            self.stdout.write(f"  only here: {name_price(row)}")
        self.stdout.write(
            f"{len(diff.added)} added, {len(diff.changed)} changed, "
            f"{len(diff.same)} the same, {len(diff.only_here)} only here."
        )


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _words_of(price: Row) -> str:
    checked = price.checked_on or "never"
    return f"{price.certainty}, checked {checked}"


def _model_facts(price: ModelPrice) -> dict[str, Any]:
    return {
        "provider": price.provider,
        "model": price.model,
        "valid_from": price.valid_from.isoformat(),
        "over_prompt_tokens": price.over_prompt_tokens,
        **{name: _plain(getattr(price, name)) for name in _SHOWN},
        **_provenance(price),
    }


def _meter_facts(price: MeterPrice) -> dict[str, Any]:
    return {
        "meter": price.meter,
        "valid_from": price.valid_from.isoformat(),
        "usd": _plain(price.usd),
        "per": price.per,
        **_provenance(price),
    }


def _provenance(price: Row) -> dict[str, Any]:
    return {
        "source": price.source,
        "certainty": price.certainty,
        "checked_on": price.checked_on.isoformat() if price.checked_on else None,
    }


def _diff_facts(diff: PriceDiff) -> dict[str, Any]:
    return {
        "added": [_entry_facts(entry) for entry in diff.added],
        "changed": [
            {
                "name": name_price(change.entry),
                "columns": {
                    column.name: [_plain(column.before), _plain(column.after)]
                    for column in change.columns
                },
                "refused": change.is_refused,
            }
            for change in diff.changed
        ],
        "same": len(diff.same),
        "only_here": [name_price(row) for row in diff.only_here],
    }


def _entry_facts(entry: Entry) -> dict[str, Any]:
    return {"name": name_price(entry), **entry.model_dump(mode="json")}
