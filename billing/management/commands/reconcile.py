"""`reconcile FILE`: a provider's usage or cost export beside the ledger."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.errors import UsageFileError
from billing.management.commands.costs import read_day
from billing.reconcile import (
    Difference,
    DifferenceLine,
    Reconciliation,
    count_unknown,
    read_ledger,
    reconcile,
)
from billing.usage_files import BilledLine, read_usage_file

_MISSING = {"bill": "  not on the bill", "ledger": "  NOT IN THE LEDGER", "": ""}


def _read_percent(text: str) -> Decimal:
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or percent < 0:
        raise ArgumentTypeError(f"“{text}” is no percentage.")
    return percent


class Command(BaseCommand):
    """Lists where the ledger and the provider's figures differ."""

    help = (
        "Compare a provider's exported usage or cost (CSV) with the real calls of the "
        "ledger; exits with 1 if the whole differs by more than the tolerance."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--provider", default="anthropic")
        for name, dest in (("--from", "start"), ("--to", "last")):
            parser.add_argument(
                name,
                dest=dest,
                type=read_day,
                metavar="DAY",
                help="first or last day, UTC; otherwise the file's",
            )
        parser.add_argument(
            "--tolerance",
            type=_read_percent,
            default=Decimal(1),
            metavar="PERCENT",
            help="how far the whole may be apart; 1 unless told",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, print, and exit with the verdict."""
        lines = _read(options["file"])
        start = options["start"] or min(line.day for line in lines)
        last = options["last"] or max(line.day for line in lines)
        if last < start:
            raise CommandError(f"--to {last} is before --from {start}.")
        lines = [line for line in lines if start <= line.day <= last]
        end = last + timedelta(days=1)
        found = reconcile(lines, read_ledger(options["provider"], start, end))
        is_within = found.is_within(options["tolerance"])
        unknown = count_unknown(options["provider"], start, end)
        if options["json"]:
            facts = {"from": str(start), "to": str(last), "within": is_within}
            facts |= {"unknown_calls": unknown} | _facts(found)
            self.stdout.write(json.dumps(facts))
        else:
            self._print(found, start, last, is_within=is_within)
        if unknown:
            self.stderr.write(
                self.style.ERROR(f"The ledger has {unknown} calls of UNKNOWN cost.")
            )
        if not is_within:
            sys.exit(1)

    def _print(
        self, found: Reconciliation, start: date, last: date, *, is_within: bool
    ) -> None:
        for line in found.lines:
            self.stdout.write(f"{line.day}  {line.model}{_MISSING[line.is_missing]}")
            for difference in line.figures:
                if difference.amount:
                    self.stdout.write(_show(difference))
        self.stdout.write(
            f"{start} to {last}: {len(found.lines)} of {found.compared} lines differ."
        )
        for difference in found.whole:
            self.stdout.write(_show(difference))
        self.stdout.write(
            "Within the tolerance." if is_within else "MORE THAN THE TOLERANCE."
        )


def _read(path: Path) -> list[BilledLine]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return read_usage_file(file)
    except UsageFileError as error:
        raise CommandError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no text in UTF-8.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _show(difference: Difference) -> str:
    percent = difference.percent
    part = "nothing billed" if percent is None else f"{percent:+.2f} %"
    return (
        f"  {difference.figure:<22} billed {difference.billed:>18,f}  "
        f"ledger {difference.recorded:>18,f}  {part}"
    )


def _facts(found: Reconciliation) -> dict[str, Any]:
    """Return everything with figures as exact decimal texts."""
    return {
        "compared": found.compared,
        "lines": [_line_facts(line) for line in found.lines],
        "whole": [_difference_facts(difference) for difference in found.whole],
    }


def _line_facts(line: DifferenceLine) -> dict[str, Any]:
    return {
        "day": str(line.day),
        "model": line.model,
        "missing": line.is_missing,
        "figures": [_difference_facts(difference) for difference in line.figures],
    }


def _difference_facts(difference: Difference) -> dict[str, str | None]:
    percent = difference.percent
    return {
        "figure": difference.figure,
        "billed": f"{difference.billed:f}",
        "recorded": f"{difference.recorded:f}",
        "percent": None if percent is None else f"{percent:.4f}",
    }
