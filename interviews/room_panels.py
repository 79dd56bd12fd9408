"""What other apps add to a candidate's pages: room panels, receipt lines, record parts.

The assistant and the recordings register theirs in `AppConfig.ready`; this app asks
each with the interview and knows nothing more about them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from interviews.models import Interview


@dataclass(frozen=True)
class ReceiptLine:
    """A line of the receipt: “Recording” · “41:10 of 41:12 stored”."""

    label: str
    value: str


@dataclass(frozen=True)
class RecordEntry:
    """One item of a part of the record, in order."""

    heading: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class RecordPart:
    """What an app keeps about the candidate: entries to read, `data` to download."""

    title: str
    entries: Sequence[RecordEntry] = ()
    data: JsonValue = field(default=None)


BuildRules = Callable[[Interview], Sequence[str]]
Panel = Mapping[str, JsonValue]
BuildPanel = Callable[[Interview], Panel]
BuildReceipt = Callable[[Interview], Sequence[ReceiptLine]]
BuildRecord = Callable[[Interview], RecordPart]

_panels: dict[str, BuildPanel] = {}
_receipts: dict[str, BuildReceipt] = {}
_rules: dict[str, BuildRules] = {}
_records: dict[str, BuildRecord] = {}


def register_panel(name: str, build: BuildPanel) -> None:
    """Have `build(interview)` under `name` in the room's configuration."""
    _panels[name] = build


def register_receipt(name: str, build: BuildReceipt) -> None:
    """Have the lines of `build(interview)` on the candidate's receipt."""
    _receipts[name] = build


def register_record(name: str, build: BuildRecord) -> None:
    """Have the part of `build(interview)` in the candidate's own record."""
    _records[name] = build


def register_rules(name: str, build: BuildRules) -> None:
    """Have the sentences of `build(interview)` where a candidate reads what holds."""
    _rules[name] = build


def build_rules(interview: Interview) -> list[str]:
    """Return the sentences other apps add, in the order of their registration."""
    return [line for build in _rules.values() for line in build(interview)]


def build_panels(interview: Interview) -> dict[str, Panel]:
    """Return every registered panel by name."""
    return {name: build(interview) for name, build in _panels.items()}


def build_receipt(interview: Interview) -> list[ReceiptLine]:
    """Return the lines other apps add, in the order of their registration."""
    return [line for build in _receipts.values() for line in build(interview)]


def build_record(interview: Interview) -> dict[str, RecordPart]:
    """Return the parts other apps add, by name."""
    return {name: build(interview) for name, build in _records.items()}
