"""`model_figures`: how the models fare, for operators."""

import csv
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from assistant.figures import ModelFigures, Spread, Which, read_figures

_SHOWN = (
    "model",
    "purpose",
    "calls",
    "failed",
    "first_token_p50",
    "first_token_p95",
    "first_token_p99",
    "duration_p50",
    "duration_p95",
    "duration_p99",
)


class Command(BaseCommand):
    """Prints the figures of models: a table, CSV or JSON; times in milliseconds."""

    help = "Say how the models fare. Simulated calls only when asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--from",
            dest="start",
            type=date.fromisoformat,
            metavar="DAY",
            help="first day, UTC",
        )
        parser.add_argument(
            "--to",
            dest="last",
            type=date.fromisoformat,
            metavar="DAY",
            help="last day, UTC",
        )
        parser.add_argument("--organisation", metavar="SLUG", help="only this one's")
        parser.add_argument("--purpose", default="", help="only this one")
        parser.add_argument("--model", default="", help="only this one")
        parser.add_argument(
            "--simulated", action="store_true", help="the simulated calls instead"
        )
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--csv", action="store_true", help="print CSV")
        shape.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the figures."""
        rows = [_flat(each) for each in read_figures(_read_which(options))]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
        elif options["csv"]:
            writer = csv.DictWriter(self.stdout, _columns(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        else:
            self._print(rows)

    def _print(self, rows: list[dict[str, Any]]) -> None:
        lines = [list(_SHOWN), *[[_show(row[name]) for name in _SHOWN] for row in rows]]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for cells in lines:
            padded = (
                cell.ljust(width) for cell, width in zip(cells, widths, strict=True)
            )
            self.stdout.write("  ".join(padded).rstrip())


def _read_which(options: Mapping[str, Any]) -> Which:
    organisation = None
    if options["organisation"]:
        found = Organisation.objects.filter(slug=options["organisation"]).first()
        if found is None:
            raise CommandError(f"There is no organisation “{options['organisation']}”.")
        organisation = found.pk
    last: date | None = options["last"]
    return Which(
        organisation,
        options["start"],
        last + timedelta(days=1) if last else None,
        purpose=options["purpose"],
        model=options["model"],
        is_simulated=options["simulated"],
    )


def _flat(figures: ModelFigures) -> dict[str, Any]:
    """Return the figures in one level: `first_token_p95` and the like."""
    flat: dict[str, Any] = {}
    for name, value in asdict(figures).items():
        if isinstance(value, dict):
            flat |= {f"{name}_{word}": number for word, number in value.items()}
        else:
            flat[name] = value
    return flat


def _columns() -> list[str]:
    columns = []
    for each in fields(ModelFigures):
        words = fields(Spread) if each.type is Spread else ()
        columns += [f"{each.name}_{word.name}" for word in words] or [each.name]
    return columns


def _show(value: object) -> str:
    return "–" if value is None else str(value)
