"""What the back office lists: versions and their changes, interviews that need someone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from base.clock import now
from billing.reports import totals_of_references
from interviews.enums import ENDED_STATES, Dimension, InterviewState, StepState
from interviews.models import (
    Assessment,
    AssessmentVersion,
    Interview,
    ItemVerdict,
    PipelineStep,
    Problem,
    ProblemReport,
    ProblemVersion,
    Review,
    Rubric,
)

SHOWN_VERSIONS = 20
STUCK_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class VersionLine:
    """One version in a list of versions."""

    number: int
    created_at: datetime
    author: str
    changed: list[str]
    url: str


def problem_history(problem: Problem) -> list[VersionLine]:
    """Return the newest versions with what changed in each."""
    rows = problem.versions.select_related("author")[: SHOWN_VERSIONS + 1]
    return _history(list(rows), _problem_changes)


def assessment_history(assessment: Assessment) -> list[VersionLine]:
    """Return the newest versions with what changed in each."""
    rows = assessment.versions.select_related("author", "rubric").prefetch_related(
        "sections"
    )[: SHOWN_VERSIONS + 1]
    return _history(list(rows), _assessment_changes)


def rubric_history(rubric: Rubric) -> list[VersionLine]:
    """Return the newest versions under the rubric's slug."""
    rows = Rubric.objects.filter(
        organisation=rubric.organisation_id, slug=rubric.slug
    ).prefetch_related("items")[: SHOWN_VERSIONS + 1]
    return _history(list(rows), _rubric_changes)


def _history(
    rows: Sequence[Any], changes: Callable[[Any, Any], list[str]]
) -> list[VersionLine]:
    lines = []
    for at, row in enumerate(rows[:SHOWN_VERSIONS]):
        before = rows[at + 1] if at + 1 < len(rows) else None
        lines.append(
            VersionLine(
                number=row.number,
                created_at=row.created_at,
                author=str(getattr(row, "author", None) or ""),
                changed=changes(before, row) if before else [str(_("first version"))],
                url=_change_url(row),
            )
        )
    return lines


def _change_url(row: Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def _labels(
    model: type[Model], names: Iterable[str], before: Any, after: Any
) -> list[str]:
    return [
        str(getattr(model._meta.get_field(name), "verbose_name", name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def _problem_changes(before: Any, after: Any) -> list[str]:
    names = [
        field.name
        for field in ProblemVersion._meta.concrete_fields
        if field.name
        not in {"id", "problem", "number", "author", "created_at", "files"}
    ]
    return [
        *_labels(ProblemVersion, names, before, after),
        *_file_changes(before.files, after.files),
    ]


def _file_changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [
        *[f"+ {path}" for path in sorted(after.keys() - before.keys())],
        *[f"− {path}" for path in sorted(before.keys() - after.keys())],
        *[p for p in sorted(after.keys() & before.keys()) if before[p] != after[p]],
    ]


def _assessment_changes(before: Any, after: Any) -> list[str]:
    names = [
        field.name
        for field in AssessmentVersion._meta.concrete_fields
        if field.name not in {"id", "assessment", "number", "author", "created_at"}
    ]
    changed = _labels(AssessmentVersion, names, before, after)
    if _section_ids(before) != _section_ids(after):
        changed.append(str(_("sections")))
    return changed


def _section_ids(version: AssessmentVersion) -> list[int]:
    return [section.problem_version_id for section in version.sections.all()]


def _rubric_changes(before: Any, after: Any) -> list[str]:
    changed = _labels(Rubric, ["title"], before, after)
    if _item_values(before) != _item_values(after):
        changed.append(str(_("items")))
    return changed


def _item_values(rubric: Rubric) -> list[tuple[Any, ...]]:
    return [
        (item.dimension, item.title, item.good, item.poor, item.weight)
        for item in rubric.items.all()
    ]


def newest_problem_versions(organisation: Organisation) -> QuerySet[ProblemVersion]:
    """Return the newest version of each problem that is not archived."""
    newest = ProblemVersion.objects.filter(problem=OuterRef("problem")).order_by(
        "-number"
    )
    return (
        ProblemVersion.objects.filter(
            problem__organisation=organisation,
            problem__is_archived=False,
            pk=Subquery(newest.values("pk")[:1]),
        )
        .select_related("problem")
        .order_by("title")
    )


def newest_assessment_versions(
    organisation: Organisation,
) -> QuerySet[AssessmentVersion]:
    """Return the newest version of each assessment that is not archived."""
    newest = AssessmentVersion.objects.filter(
        assessment=OuterRef("assessment")
    ).order_by("-number")
    return AssessmentVersion.objects.filter(
        assessment__organisation=organisation,
        assessment__is_archived=False,
        pk=Subquery(newest.values("pk")[:1]),
    ).order_by("title")


def newest_rubrics(queryset: QuerySet[Rubric]) -> QuerySet[Rubric]:
    """Leave only the newest version under each slug."""
    newest = Rubric.objects.filter(
        organisation=OuterRef("organisation"), slug=OuterRef("slug")
    ).order_by("-number")
    return queryset.filter(pk=Subquery(newest.values("pk")[:1]))


@dataclass(frozen=True)
class Flag:
    """Something about an interview that a person should look at."""

    name: str
    label: Any
    question: Any
    tone: str
    condition: Callable[[], Any]


_flags: dict[str, Flag] = {}


def register_flag(flag: Flag) -> None:
    """Add a flag to the lists; apps above register what they know."""
    _flags[flag.name] = flag


def list_flags() -> list[Flag]:
    """Return the flags in the order of registration."""
    return list(_flags.values())


def is_stuck() -> Q:
    """Match interviews that run, have time left, and show no event for a while."""
    at = now()
    return Q(
        state=InterviewState.ACTIVE,
        ends_at__gt=at,
        cursor__last_at__lt=at - STUCK_AFTER,
    )


def awaits_review() -> Any:
    """Match ended interviews nobody decided on."""
    return (
        Q(state__in=ENDED_STATES)
        & Q(is_preview=False)
        & ~Exists(Review.objects.filter(interview=OuterRef("pk")))
    )


def _has_open_report() -> Any:
    return Exists(
        ProblemReport.objects.filter(interview=OuterRef("pk"), is_resolved=False)
    )


def _has_failed_step() -> Any:
    return Exists(
        PipelineStep.objects.filter(interview=OuterRef("pk"), state=StepState.FAILED)
    )


register_flag(Flag("stuck", _("Stuck"), _("Stuck now"), "danger", is_stuck))
register_flag(
    Flag(
        "reported",
        _("Reported a problem"),
        _("Reported a problem"),
        "warning",
        _has_open_report,
    )
)
register_flag(
    Flag(
        "failed_step",
        _("A step failed"),
        _("A step after the interview failed"),
        "danger",
        _has_failed_step,
    )
)


def annotate_interviews(queryset: QuerySet[Interview]) -> QuerySet[Interview]:
    """Add flags, the newest overall score, and whether it was simulated."""
    overall = ItemVerdict.objects.filter(
        scorecard__interview=OuterRef("pk"), dimension=Dimension.OVERALL
    ).order_by("-scorecard__number")
    return queryset.annotate(
        overall_score=Subquery(overall.values("score")[:1]),
        overall_certainty=Subquery(overall.values("certainty")[:1]),
        overall_card=Subquery(overall.values("scorecard_id")[:1]),
        overall_is_simulated=Subquery(overall.values("scorecard__is_simulated")[:1]),
        **{f"flag_{flag.name}": _as_boolean(flag) for flag in list_flags()},
    )


def _as_boolean(flag: Flag) -> Any:
    condition = flag.condition()
    if isinstance(condition, Q):
        return Exists(Interview.objects.filter(condition, pk=OuterRef("pk")))
    return condition


def raised_flags(interview: Interview) -> list[Flag]:
    """Return the flags that `annotate_interviews` found raised."""
    return [flag for flag in list_flags() if getattr(interview, f"flag_{flag.name}")]


@dataclass(frozen=True)
class Cost:
    """What an interview's real calls cost; some may have no known price."""

    usd: Decimal
    unknown_calls: int


def costs_of(interview_ids: Iterable[UUID]) -> dict[str, Cost]:
    """Return the cost by interview id, of interviews with real calls."""
    sums = totals_of_references([str(pk) for pk in interview_ids])
    return {key: Cost(line.cost_usd, line.unknown_calls) for key, line in sums.items()}
