"""`costs`: what was used and what it cost, by any dimension, for operators."""

import csv
import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from billing.reports import DIMENSIONS, Filter, ReportLine, Totals, report, totals

_FIGURES = tuple(field.name for field in fields(Totals))
_HEADINGS = {
    "calls": "calls",
    "failed_calls": "failed",
    "unknown_calls": "unknown",
    "input_tokens": "input",
    "cache_write_tokens": "cache write",
    "cache_read_tokens": "cache read",
    "output_tokens": "output",
    "thinking_tokens": "thinking",
    "audio_tokens": "audio",
    "cost_usd": "US dollars",
    "saved_usd": "saved",
}
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_day(text: str) -> date:
    """Read a day as YYYY-MM-DD; raises ArgumentTypeError."""
    try:
        if len(text) == len("2026-11-01"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"“{text}” is not a day; write it as 2026-11-01.")


class Command(BaseCommand):
    """Prints a report of the usage ledger: a table, CSV or JSON."""

    help = "Say what was used and what it cost. Simulated calls only when asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--by", choices=DIMENSIONS, default="purpose")
        parser.add_argument(
            "--from", dest="start", type=read_day, metavar="DAY", help="first day, UTC"
        )
        parser.add_argument(
            "--to", dest="last", type=read_day, metavar="DAY", help="last day, UTC"
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
        """Print the report, and say loudly if a cost is unknown."""
        which = _read_filter(options)
        lines, whole = report(which, options["by"]), totals(which)
        if options["json"]:
            self.stdout.write(json.dumps(_facts(which, options["by"], lines, whole)))
        elif options["csv"]:
            self._write_csv(options["by"], lines)
        else:
            self._print(which, options["by"], lines, whole)
        if whole.unknown_calls:
            self.stderr.write(
                self.style.ERROR(
                    f"The cost of {whole.unknown_calls} calls is UNKNOWN and in no sum."
                )
            )

    def _write_csv(self, by: str, lines: Sequence[ReportLine]) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow([by, *_FIGURES])
        for line in lines:
            key = f"'{line.key}" if line.key.startswith(_FORMULA) else line.key
            writer.writerow([key, *_write_figures(line.totals).values()])

    def _print(
        self, which: Filter, by: str, lines: Sequence[ReportLine], whole: Totals
    ) -> None:
        if which.is_simulated:
            self.stdout.write("Simulated calls: nobody pays for these.")
        rows = [[by, *_HEADINGS.values()]]
        rows += [[line.key or "–", *_show_figures(line.totals)] for line in lines]
        rows.append(["all", *_show_figures(whole)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for first, *cells in rows:
            numbers = (
                cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)
            )
            self.stdout.write("  ".join([first.ljust(widths[0]), *numbers]))


def _read_filter(options: dict[str, Any]) -> Filter:
    start, last = options["start"], options["last"]
    if start and last and last < start:
        raise CommandError(f"--to {last} is before --from {start}.")
    payer = None
    if options["organisation"]:
        found = Organisation.objects.filter(slug=options["organisation"]).first()
        if found is None:
            raise CommandError(f"There is no organisation “{options['organisation']}”.")
        payer = str(found.pk)
    return Filter(
        payer,
        start,
        last + timedelta(days=1) if last else None,
        purpose=options["purpose"],
        model=options["model"],
        is_simulated=options["simulated"],
    )


def _write_figures(line: Totals) -> dict[str, int | str]:
    """Return counts as they are and money as an exact decimal text."""
    values = {name: getattr(line, name) for name in _FIGURES}
    return {
        name: f"{value:f}" if isinstance(value, Decimal) else value
        for name, value in values.items()
    }


def _show_figures(line: Totals) -> list[str]:
    shown = {
        name: f"{value:,.4f}" if isinstance(value, Decimal) else f"{value:,}"
        for name in _FIGURES
        for value in (getattr(line, name),)
    }
    if line.unknown_calls:
        known = f"{shown['cost_usd']} + " if line.cost_usd else ""
        shown["cost_usd"] = f"{known}unknown"
    return list(shown.values())


def _facts(
    which: Filter, by: str, lines: Sequence[ReportLine], whole: Totals
) -> dict[str, Any]:
    return {
        "by": by,
        "simulated": which.is_simulated,
        "lines": [{"key": line.key, **_write_figures(line.totals)} for line in lines],
        "totals": _write_figures(whole),
    }
