"""A provider's exported usage or cost as CSV, read into lines of one shape.

Anthropic's console exports two files. Usage: one row per day, model, key and context
window with `usage_input_tokens_no_cache`, `…_cache_write_5m`, `…_cache_write_1h`,
`…_cache_read` and `usage_output_tokens`. Cost: one row per day, model, key and
`token_type` with `cost_usd`, rounded to cents, and models by their display names.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from billing.errors import UsageFileError

DAY, MODEL, COST = "day", "model", "cost_usd"
TOKENS = (
    "input_tokens",
    "cache_write_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
)
FIGURES = (*TOKENS, COST)
# How the exports, their older forms and the usage API spell each column; compared in
# lower case with an underscore for whatever is no letter or digit.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    DAY: ("usage_date_utc", "date_utc", "date", "day", "starting_at", "bucket_start"),
    MODEL: ("model_version", "model", "model_id", "model_name"),
    "input_tokens": (
        "usage_input_tokens_no_cache",
        "uncached_input_tokens",
        "input_tokens_no_cache",
        "input_no_cache",
        "input_tokens",
    ),
    "cache_write_tokens": (
        "usage_input_tokens_cache_write",
        "cache_creation_input_tokens",
        "cache_write_tokens",
        "cache_write",
    ),
    "cache_write_5m_tokens": (
        "usage_input_tokens_cache_write_5m",
        "ephemeral_5m_input_tokens",
        "cache_creation_5m_input_tokens",
        "cache_write_5m_tokens",
        "cache_write_5m",
    ),
    "cache_write_1h_tokens": (
        "usage_input_tokens_cache_write_1h",
        "ephemeral_1h_input_tokens",
        "cache_creation_1h_input_tokens",
        "cache_write_1h_tokens",
        "cache_write_1h",
    ),
    "cache_read_tokens": (
        "usage_input_tokens_cache_read",
        "cache_read_input_tokens",
        "cache_read_tokens",
        "cache_read",
    ),
    "output_tokens": ("usage_output_tokens", "output_tokens", "output"),
    COST: ("cost_usd", "cost", "amount_usd", "total_cost_usd"),
}
_DAY = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ][\d:.]+ ?(?:Z|UTC|\+00:?00)?)?"
)
# Digits alone or in groups of three: a decimal comma would be read a hundred times off.
_NUMBER = re.compile(r"-?\$?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?(?:[eE]-?\d+)?")


@dataclass(frozen=True)
class BilledLine:
    """What one line of the export says; only the figures that the file has."""

    day: date
    model: str
    figures: Mapping[str, Decimal]


def normalise_model(name: str) -> str:
    """Bring the spellings of a model together: display names, ids with a date.

    "Claude Haiku 4.5" and "claude-haiku-4-5-20251001" are both "claude-haiku-4-5".
    """
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return re.sub(r"-(?:20\d{6}|latest)$", "", words)


def read_usage_file(text: Iterable[str]) -> list[BilledLine]:
    """Read an export's lines; raises UsageFileError naming the line it cannot read.

    Commas, semicolons or tabs; other columns are ignored, and so are empty lines.
    """
    lines = iter(text)
    header = next(lines, "").removeprefix("\ufeff")
    delimiter = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    places = _find_columns(names)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        found = [
            _read_row(row, places, len(names), reader.line_num + 1)
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise _refuse(reader.line_num + 1, str(error)) from error
    if not found:
        raise UsageFileError(_("The file has no lines of usage."))
    return found


def _find_columns(names: list[str]) -> dict[str, int]:
    spelled = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in names]
    places = {}
    for column, known in COLUMNS.items():
        found = next((name for name in known if name in spelled), None)
        if found is not None:
            places[column] = spelled.index(found)
    for column in (DAY, MODEL):
        if column not in places:
            text = _("there is no column for the %(column)s (%(spellings)s)")
            spellings = ", ".join(COLUMNS[column])
            raise _refuse(1, text % {"column": column, "spellings": spellings})
    if not places.keys() & set(FIGURES):
        raise _refuse(1, _("there is no column of tokens or of cost"))
    return places


def _read_row(
    row: list[str], places: Mapping[str, int], width: int, number: int
) -> BilledLine:
    if len(row) != width:
        text = _("%(found)s columns instead of %(width)s")
        raise _refuse(number, text % {"found": len(row), "width": width})
    cells = {column: row[place].strip() for column, place in places.items()}
    return BilledLine(
        day=_read_day(cells[DAY], number),
        model=normalise_model(cells[MODEL]),
        figures={
            name: _read_number(cells[name], name, number)
            for name in FIGURES
            if name in cells
        },
    )


def _read_day(cell: str, number: int) -> date:
    match = _DAY.fullmatch(cell)
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
    except ValueError:
        pass
    raise _refuse(number, _("“%s” is no day in UTC") % cell)


def _read_number(cell: str, name: str, number: int) -> Decimal:
    if not cell:
        return Decimal(0)
    try:
        if _NUMBER.fullmatch(cell):
            value = Decimal(cell.replace(",", "").replace("$", ""))
            if name == COST or value == value.to_integral_value():
                return value
    except InvalidOperation:
        pass
    text = _("“%(cell)s” in the column %(name)s is no number")
    raise _refuse(number, text % {"cell": cell, "name": name})


def _refuse(number: int, reason: str) -> UsageFileError:
    return UsageFileError(
        _("Line %(number)s: %(reason)s.") % {"number": number, "reason": reason}
    )
