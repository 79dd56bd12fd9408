"""What an interview cost: by purpose, model and cache, and what is left of its budget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.models import Usage
from billing.purposes import purpose_label
from billing.reports import (
    Filter,
    ReportLine,
    Totals,
    UsageLine,
    reference_lines,
    report,
)
from interviewlm.costs.budgets import Gauge, reference_gauges
from interviewlm.costs.tables import Row, ledger_address, outcome_rows, say_cost
from interviewlm.costs.words import (
    FINE,
    format_count,
    format_share,
    format_usd,
)
from interviews.models import Interview


@dataclass(frozen=True)
class MoneyLine:
    """What one purpose took with one model."""

    purpose: str
    model: str
    calls: str
    failed: int
    uncached: str
    written: str
    read: str
    read_share: str
    output: str
    thinking: str
    audio: str
    saved: str
    cost: str
    unknown: int


@dataclass(frozen=True)
class Correction:
    """A row that changed what an earlier one came to."""

    usage: Usage
    purpose: str
    difference: str


@dataclass(frozen=True)
class Money:
    """One sum of an interview: the real or the simulated one, never both."""

    is_simulated: bool
    lines: list[MoneyLine]
    total: str
    saved: str
    calls: int
    failed: int
    unknown: int
    gauges: list[Gauge]
    troubles: list[Row]
    corrections: list[Correction]
    calls_url: str


def read_money(interview: Interview) -> list[Money]:
    """Return what the interview cost, real before simulated; nothing if nothing was."""
    lines = reference_lines(str(interview.pk))
    corrected = list(
        Usage.objects.filter(
            reference=str(interview.pk), corrects__isnull=False
        ).order_by("pk")
    )
    return [
        _read_part(interview, found, corrected, is_simulated=is_simulated)
        for is_simulated in (False, True)
        if (found := [line for line in lines if line.is_simulated == is_simulated])
    ]


def _read_part(
    interview: Interview,
    lines: Sequence[UsageLine],
    corrected: Sequence[Usage],
    *,
    is_simulated: bool,
) -> Money:
    reference, payer = str(interview.pk), str(interview.organisation_id)
    chosen = Filter(
        payer=None,
        start=None,
        end=None,
        reference=reference,
        is_simulated=is_simulated,
    )
    outcomes: list[ReportLine] = report(chosen, "outcome")
    failed = sum(line.totals.failed_calls for line in lines)
    troubled = [line for line in outcomes if line.totals.failed_calls]
    return Money(
        is_simulated=is_simulated,
        lines=[_line(line) for line in lines],
        total=_total(lines),
        saved=format_usd(_sum(line.totals.saved_usd for line in lines), FINE),
        calls=sum(line.totals.calls for line in lines),
        failed=failed,
        unknown=sum(line.totals.unknown_calls for line in lines),
        gauges=reference_gauges(payer, reference, is_simulated=is_simulated),
        troubles=outcome_rows(troubled, chosen),
        corrections=[
            _correction(usage)
            for usage in corrected
            if usage.is_simulated == is_simulated
        ],
        calls_url=ledger_address(chosen),
    )


def _total(lines: Sequence[UsageLine]) -> str:
    known = _sum(line.totals.cost_usd for line in lines)
    is_unknown = not known and any(line.totals.unknown_calls for line in lines)
    return "" if is_unknown else format_usd(known, FINE)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _line(line: UsageLine) -> MoneyLine:
    sums: Totals = line.totals
    # What has no model has no tokens either: a meter, not a call.
    count = format_count if line.model else _leave_out
    return MoneyLine(
        purpose=purpose_label(line.purpose),
        model=line.model,
        calls=format_count(sums.calls) if sums.calls else "",
        failed=sums.failed_calls,
        uncached=count(sums.input_tokens),
        written=count(sums.cache_write_tokens),
        read=count(sums.cache_read_tokens),
        read_share=format_share(sums.cache_read_tokens, sums.prompt_tokens)
        if sums.cache_read_tokens
        else "",
        output=count(sums.output_tokens),
        thinking=format_count(sums.thinking_tokens) if sums.thinking_tokens else "",
        audio=format_count(sums.audio_tokens) if sums.audio_tokens else "",
        saved=format_usd(sums.saved_usd, FINE) if sums.saved_usd else "",
        cost=say_cost(sums, FINE),
        unknown=sums.unknown_calls,
    )


def _leave_out(_count: int) -> str:
    return ""


def _correction(usage: Usage) -> Correction:
    known = usage.cost_usd is not None
    return Correction(
        usage=usage,
        purpose=purpose_label(usage.purpose),
        difference=format_usd(usage.cost_usd, FINE) if known else "",
    )
