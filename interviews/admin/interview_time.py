"""The clock on an interview's page: its ledger, faults of ours, time still owed."""

from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from interviews.admin.pages import review_path
from interviews.enums import InterviewState
from interviews.models import Fault, Interview, Review
from interviews.selectors.back_office import Flag, register_flag
from interviews.selectors.clock import FaultLine, read_faults, read_ledger
from interviews.services.faults import read_offer
from interviews.timewords import format_seconds


def show_ledger(interview: Interview) -> SafeString:
    """Return the lines of the ledger."""
    return format_html_join(
        "",
        '<p class="bo-line">{}: <b>{}</b>{}</p>',
        (
            (line.label, line.words, f" · {line.reason}" if line.reason else "")
            for line in read_ledger(interview)
        ),
    )


def show_faults(interview: Interview) -> SafeString:
    """Return the faults on record, and what the interview may be reopened with."""
    lines = format_html_join(
        "",
        '<p class="bo-line">{} {}: <b>{}</b> {}</p>',
        (
            (
                date_format(line.fault.began_at, "H:i:s T"),
                line.fault.get_cause_display(),
                line.lost_words,
                _describe(line),
            )
            for line in read_faults(interview)
        ),
    )
    owed = read_offer(interview).seconds
    if not owed:
        return lines
    words = _now("Reopen with %(time)s on the review desk")
    return format_html(
        '{}<p><a class="text-link" href="{}#facts">{}</a></p>',
        lines,
        review_path(interview),
        words % {"time": format_seconds(owed)},
    )


def _describe(line: FaultLine) -> str:
    given = _now("%(time)s given back.") % {"time": line.given_words}
    return " ".join(filter(None, [given if line.given else "", line.note]))


def _is_owed() -> Q:
    """Match ended interviews with time to give back that nobody decided on."""
    offered = Fault.objects.filter(interview=OuterRef("pk"), is_offered=True)
    decided = Review.objects.filter(interview=OuterRef("pk"))
    ended = [InterviewState.COMPLETED, InterviewState.ABANDONED]
    return Q(Exists(offered), ~Exists(decided), state__in=ended, is_preview=False)


register_flag(
    Flag(
        "owed",
        _("Lost time to a fault"),
        _("Lost time to a fault, not given back"),
        "warning",
        _is_owed,
    )
)
