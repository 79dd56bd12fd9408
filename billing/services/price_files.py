"""Price files in the shape of `prices.toml`: read, compared with the tables, imported."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    ValidationError,
)

from billing.enums import Certainty, Meter
from billing.errors import PriceFileError
from billing.models import MeterPrice, ModelPrice, Usage

Row = ModelPrice | MeterPrice
MAX_CHARS = 1_000_000
_TABLES = {"price", "meter"}
_WORDS = ("source", "certainty", "checked_on")
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Dollars = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)]


class Entry(BaseModel):
    """One price of a file, checked; every column of its row has a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: ClassVar[type[ModelPrice] | type[MeterPrice]]
    key_names: ClassVar[tuple[str, ...]]

    # Strict: a bare number would be read as seconds since 1970.
    valid_from: AwareDatetime = Field(strict=True)
    source: str = Field("", max_length=200)
    certainty: Certainty = Certainty.LOW
    checked_on: date | None = Field(None, strict=True)

    @property
    def key(self) -> dict[str, Any]:
        """What no two rows of the table share, by column."""
        return _key_of(self)

    @property
    def values(self) -> dict[str, Any]:
        """The other columns."""
        names = set(type(self).model_fields) - set(self.key_names)
        return {name: getattr(self, name) for name in sorted(names)}


class ModelEntry(Entry):
    """US dollars per million tokens; see `ModelPrice`."""

    table = ModelPrice
    key_names = ("provider", "model", "valid_from", "over_prompt_tokens")

    provider: Annotated[str, Field(min_length=1, max_length=32)] = "anthropic"
    model: _Name
    over_prompt_tokens: int = Field(0, ge=0)
    input: _Dollars
    output: _Dollars
    cache_write_5m: _Dollars
    cache_write_1h: _Dollars
    cache_read: _Dollars
    batch_factor: Decimal = Field(Decimal("0.5"), ge=0, max_digits=5, decimal_places=4)
    audio_input: _Dollars | None = None
    audio_cached: _Dollars | None = None
    audio_output: _Dollars | None = None


class MeterEntry(Entry):
    """US dollars for so many units of a meter; see `MeterPrice`."""

    table = MeterPrice
    key_names = ("meter", "valid_from")

    meter: Meter
    usd: Annotated[Decimal, Field(ge=0, lt=9_000_000, decimal_places=12)]
    per: PositiveInt


@dataclass(frozen=True)
class FigureChange:
    """One column whose value differs."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class PriceChange:
    """A row that the file has otherwise; `is_billed` says that usage refers to it."""

    row: Row
    entry: Entry
    columns: tuple[FigureChange, ...]
    is_billed: bool

    @property
    def is_refused(self) -> bool:
        """Whether figures that calls were billed by would change; words may."""
        return self.is_billed and self.changes_figures

    @property
    def changes_figures(self) -> bool:
        """Whether more than its source and certainty differs."""
        return any(column.name not in _WORDS for column in self.columns)


@dataclass(frozen=True)
class PriceDiff:
    """What importing a file would do; `only_here` are rows the file does not name."""

    added: list[Entry] = field(default_factory=list)
    changed: list[PriceChange] = field(default_factory=list)
    same: list[Entry] = field(default_factory=list)
    only_here: list[Row] = field(default_factory=list)

    @property
    def refused(self) -> list[PriceChange]:
        """The changes that keep the file from being imported."""
        return [change for change in self.changed if change.is_refused]


def read_price_file(path: Path) -> list[Entry]:
    """Return the checked entries of a file. Raises PriceFileError."""
    try:
        return parse_prices(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PriceFileError(
            _("%(path)s cannot be read: %(why)s.")
            % {"path": path, "why": error.strerror}
        ) from error
    except UnicodeDecodeError as error:
        raise PriceFileError(_("%(path)s is not UTF-8.") % {"path": path}) from error


def parse_prices(text: str) -> list[Entry]:
    """Return the checked entries of a file's text.

    Raises PriceFileError with every mistake, each naming its entry.
    """
    if len(text) > MAX_CHARS:
        raise PriceFileError(_("This is too long for a price file."))
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise PriceFileError(
            _("This is not TOML: %(why)s.") % {"why": error}
        ) from error
    unknown = sorted(set(document) - _TABLES)
    if unknown:
        raise PriceFileError(
            _("Only [[price]] and [[meter]] belong here, not “%(name)s”.")
            % {"name": unknown[0]}
        )
    entries: list[Entry] = []
    mistakes: list[str] = []
    for table, entry_class in (("price", ModelEntry), ("meter", MeterEntry)):
        given = document.get(table, [])
        if not isinstance(given, list):
            raise PriceFileError(
                _("Write [[%(table)s]], in double brackets.") % {"table": table}
            )
        for number, values in enumerate(given, start=1):
            try:
                entries.append(entry_class.model_validate(values))
            except ValidationError as error:
                mistakes.append(_say_mistakes(table, number, values, error))
    mistakes += _find_doubles(entries)
    if mistakes:
        raise PriceFileError("\n".join(mistakes))
    return entries


def _say_mistakes(table: str, number: int, values: Any, error: ValidationError) -> str:
    told = values if isinstance(values, dict) else {}
    name = told.get("model") or told.get("meter") or "?"
    reasons = "; ".join(
        f"{'.'.join(map(str, one['loc'])) or table}: {one['msg']}"
        for one in error.errors(include_url=False)
    )
    return f"[[{table}]] {number} ({name}, {told.get('valid_from', '?')}): {reasons}"


def _find_doubles(entries: Iterable[Entry]) -> list[str]:
    seen: set[tuple[Any, ...]] = set()
    doubles = []
    for entry in entries:
        key = _word_of(entry)
        if key in seen:
            doubles.append(_("%(name)s is there twice.") % {"name": name_price(entry)})
        seen.add(key)
    return doubles


def name_price(price: Entry | Row) -> str:
    """Return what people call a price: the model or meter, its tier, its date."""
    day = _("from %(day)s") % {"day": date_format(price.valid_from, "Y-m-d")}
    if isinstance(price, (MeterEntry, MeterPrice)):
        return f"{Meter(price.meter).label} · {day}"
    key = _key_of(price)
    model, tier = key["model"], key["over_prompt_tokens"]
    if not tier:
        return f"{model} · {day}"
    over = _("over %(count)d tokens") % {"count": tier}
    return f"{model} · {over} · {day}"


def _key_of(price: Entry | Row) -> dict[str, Any]:
    is_meter = isinstance(price, (MeterEntry, MeterPrice))
    names = MeterEntry.key_names if is_meter else ModelEntry.key_names
    return {name: getattr(price, name) for name in names}


def _word_of(price: Entry | Row) -> tuple[Any, ...]:
    """Return the key as something to look up by; its length tells the tables apart."""
    return tuple(_key_of(price).values())


def is_billed(price: Row) -> bool:
    """Say whether usage was billed by a price: then it stays as it is."""
    if isinstance(price, ModelPrice):
        return Usage.objects.filter(price=price).exists()
    return Usage.objects.filter(meter_price=price).exists()


def diff_prices(entries: Sequence[Entry]) -> PriceDiff:
    """Compare a file's entries with the tables."""
    known: list[Row] = [*ModelPrice.objects.all(), *MeterPrice.objects.all()]
    rows = {_word_of(row): row for row in known}
    diff = PriceDiff()
    for entry in entries:
        row = rows.pop(_word_of(entry), None)
        if row is None:
            diff.added.append(entry)
            continue
        change = _compare(row, entry)
        if change is None:
            diff.same.append(entry)
        else:
            diff.changed.append(change)
    diff.only_here.extend(rows.values())
    return diff


def _compare(row: Row, entry: Entry) -> PriceChange | None:
    columns = tuple(
        FigureChange(name, getattr(row, name), value)
        for name, value in entry.values.items()
        if getattr(row, name) != value
    )
    return PriceChange(row, entry, columns, is_billed(row)) if columns else None


def import_prices(diff: PriceDiff) -> int:
    """Bring the tables to the file, all or nothing; return how many rows changed.

    Rows the file does not name stay. Raises PriceFileError when figures that usage
    was billed by would change.
    """
    with transaction.atomic():
        current = [_lock(change) for change in diff.changed]
        refused = [change for change in current if change and change.is_refused]
        if refused:
            raise PriceFileError("\n".join(say_refusal(one) for one in refused))
        for entry in diff.added:
            add_price(entry)
        for change in current:
            if change is not None:
                write_columns(change)
    return len(diff.added) + len([change for change in current if change])


def _lock(change: PriceChange) -> PriceChange | None:
    """Compare again with the row locked: it may have changed, or been billed by."""
    # Either model: the two share no base that the checker knows.
    rows: Any = change.entry.table._default_manager
    row = rows.select_for_update().filter(pk=change.row.pk).first()
    if row is None:
        raise PriceFileError(
            _("%(name)s was deleted meanwhile. Compare again.")
            % {"name": name_price(change.entry)}
        )
    return _compare(row, change.entry)


def say_refusal(change: PriceChange) -> str:
    """Return why a change is refused, and the mend."""
    return _(
        "%(name)s: usage was billed by it, so its figures stay. "
        "Give the new ones a later valid_from."
    ) % {"name": name_price(change.entry)}


def add_price(entry: Entry) -> bool:
    """Add an entry's row if it is not there; say whether it was not."""
    rows: Any = entry.table._default_manager
    _row, is_new = rows.get_or_create(**entry.key, defaults=entry.values)
    return bool(is_new)


def write_columns(change: PriceChange) -> None:
    """Give the row the entry's values where they differ."""
    rows: Any = change.entry.table._default_manager
    values = {column.name: column.after for column in change.columns}
    rows.filter(pk=change.row.pk).update(**values)
