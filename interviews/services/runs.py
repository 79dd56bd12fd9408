"""Runs of a candidate's code: asked for, kept on record, ended, found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now, to_milliseconds
from base.text import shorten, utf16_slice
from interviews.enums import (
    CANDIDATE_RUN_KINDS,
    LIVE_RUN_STATES,
    Origin,
    RunState,
)
from interviews.errors import BusyError
from interviews.models import Interview, Run
from interviews.selectors.sections import find_section
from interviews.services.documents import keep_contents
from interviews.services.metering import record_sandbox_time
from interviews.services.run_commands import AskedKind, RunRequest, make_argv
from interviews.services.sections import lock_workspace
from interviews.timeline.kinds import RunFinished, RunOutput, RunStartedV2
from interviews.timeline.log import NewEvent, append_event, append_events
from interviews.workspace.changes import clean_text
from interviews.workspace.errors import MissingError, RateLimitedError
from interviews.workspace.variables import check_variables

LEASE = timedelta(seconds=30)
RUNS_PER_MINUTE = 30
MAX_MESSAGE = 300
_OUTCOME_COLUMNS = (
    "state",
    "exit_code",
    "reason",
    "message",
    "output",
    "is_truncated",
    "tests",
    "duration_ms",
    "peak_memory_bytes",
    "lease_until",
    "finished_at",
)


class RunLostError(Exception):
    """The run was given up by the sweep; whoever executes it must stop."""


@dataclass(frozen=True)
class Piece:
    """Consecutive output of one stream; `offset` counts both streams together."""

    offset: int
    stream: str
    text: str
    marks: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended; `sandbox_ms` where that is not what `duration_ms` says.

    A run that the runner did not end itself may have waited in its queue for most of
    its duration: it had the sandbox for `sandbox_ms`, as far as anybody knows.
    """

    reason: str
    exit_code: int | None = None
    message: str = ""
    output: str = ""
    is_truncated: bool = False
    tests: list[dict[str, Any]] | None = None
    duration_ms: int | None = None
    peak_memory_bytes: int | None = None
    state: str = RunState.FINISHED
    sandbox_ms: int | None = None


def find_run(interview_id: UUID, run_id: UUID) -> Run:
    """Return a run the candidate started; never one of the hidden tests.

    Raises MissingError.
    """
    run = Run.objects.filter(
        interview_id=interview_id, pk=run_id, kind__in=CANDIDATE_RUN_KINDS
    ).first()
    if run is None:
        raise MissingError(_("There is no such run."))
    return run


def find_repeated_run(interview_id: UUID, client_id: str) -> Run | None:
    """Return the run this client id asked for before."""
    return Run.objects.filter(
        interview_id=interview_id, client_id=client_id, kind__in=CANDIDATE_RUN_KINDS
    ).first()


@transaction.atomic
def create_run(
    interview_id: UUID,
    *,
    client_id: str,
    kind: AskedKind,
    folder: str,
    path: str | None,
    owner: str,
    command: str = "",
    variables: Mapping[str, str] | None = None,
    origin: Origin = Origin.CANDIDATE,
) -> tuple[Run, bool]:
    """Write down a run on exactly the present files; return it and whether it is new.

    `origin` says who asked for it. `path` is for a file, `command` a line of shell. The caller executes a new one at
    once and keeps its lease. Raises BusyError while another run is under way,
    RateLimitedError, MissingError, PathError, BadVariableError.
    """
    interview = lock_workspace(interview_id)
    repeated = find_repeated_run(interview_id, client_id)
    if repeated is not None:
        return repeated, False
    _check_free(interview)
    section = find_section(interview, folder)
    documents = interview.documents.filter(path__startswith=f"{folder}/")
    paths = list(documents.values_list("path", flat=True))
    asked = RunRequest(kind, path, command)
    run = Run.objects.create(
        interview=interview,
        client_id=client_id,
        kind=kind,
        section=section.position,
        argv=make_argv(section, asked, paths),
        env=check_variables(variables or {}),
        files=keep_contents(interview, paths),
        owner=owner,
        lease_until=now() + LEASE,
    )
    payload = RunStartedV2(
        run=str(run.pk),
        run_kind=kind,
        section=section.position,
        argv=run.argv,
        env=run.env,
        files=run.files,
    )
    append_event(interview, payload, origin=origin)
    return run, True


def _check_free(interview: Interview) -> None:
    """One live run per interview, and so many a minute."""
    runs = interview.runs.filter(kind__in=CANDIDATE_RUN_KINDS)
    if runs.filter(state__in=LIVE_RUN_STATES, lease_until__gt=now()).exists():
        raise BusyError(_("Something is running already. Wait for it, or stop it."))
    minute = timedelta(minutes=1)
    recent = runs.filter(created_at__gt=now() - minute).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:RUNS_PER_MINUTE])
    if len(times) >= RUNS_PER_MINUTE:
        wait = (times[-1] + minute - now()).total_seconds()
        raise RateLimitedError(
            _("That were many runs. Wait a moment."), retry_after=max(1.0, wait)
        )


@transaction.atomic
def keep_run(
    run_id: UUID, *, owner: str, pieces: Sequence[Piece], is_running: bool
) -> None:
    """Prolong the owner's lease and log what was printed since the last time.

    Raises RunLostError when the sweep gave the run up meanwhile.
    """
    mine = Run.objects.filter(pk=run_id, owner=owner, state__in=LIVE_RUN_STATES)
    state = RunState.RUNNING if is_running else RunState.QUEUED
    if not mine.update(lease_until=now() + LEASE, state=state):
        raise RunLostError(run_id)
    if pieces:
        run = Run.objects.select_related("interview").get(pk=run_id)
        append_events(run.interview, [_output_event(run_id, piece) for piece in pieces])


def _output_event(run_id: UUID, piece: Piece) -> NewEvent:
    return NewEvent(
        Origin.SYSTEM,
        RunOutput(
            run=str(run_id),
            offset=piece.offset,
            stream=piece.stream,
            text=piece.text,
            marks=piece.marks,
        ),
    )


@transaction.atomic
def finish_run(
    run_id: UUID, *, owner: str, outcome: RunOutcome, pieces: Sequence[Piece] = ()
) -> Run:
    """Write how a run ended, with its last output; once only. Returns the row.

    A run that the sweep or somebody else ended already stays as it is.
    """
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("interview__assessment_version")
        .get(pk=run_id)
    )
    if run.owner != owner or run.state not in LIVE_RUN_STATES:
        return run
    end_run(run, outcome, pieces)
    return run


def end_run(run: Run, outcome: RunOutcome, pieces: Sequence[Piece] = ()) -> None:
    """Write how a run ended: its columns, its last output, its sandbox time.

    Every run ends here. The payer's account is locked last of all: everybody who
    pays from it waits for the transaction.
    """
    run.state = outcome.state
    run.exit_code = outcome.exit_code
    run.reason = outcome.reason
    run.message = shorten(outcome.message, MAX_MESSAGE)
    run.output = outcome.output
    run.is_truncated = outcome.is_truncated
    run.tests = outcome.tests
    run.duration_ms = outcome.duration_ms
    run.peak_memory_bytes = outcome.peak_memory_bytes
    run.lease_until = None
    run.finished_at = now()
    run.save(update_fields=_OUTCOME_COLUMNS)
    output = [_output_event(run.pk, piece) for piece in pieces]
    last = NewEvent(Origin.SYSTEM, finished_payload(run))
    append_events(run.interview, [*output, last])
    used = outcome.duration_ms if outcome.sandbox_ms is None else outcome.sandbox_ms
    record_sandbox_time(run, used or 0)


def limit_sandbox_ms(duration: timedelta) -> int:
    """Return how long a run can have had the sandbox within a time, in milliseconds.

    The runner ends every run at the limit, whether or not anybody still listens.
    """
    longest: int = settings.LIMITS["run_seconds"] * 1000
    return min(max(to_milliseconds(duration), 0), longest)


def finished_payload(run: Run) -> RunFinished:
    """Return the event of an ended run: counts, never which test or why."""
    outcomes = None if run.tests is None else [test["outcome"] for test in run.tests]
    return RunFinished(
        run=str(run.pk),
        exit_code=run.exit_code,
        reason=run.reason,
        duration_ms=run.duration_ms,
        passed=None if outcomes is None else outcomes.count("passed"),
        failed=None
        if outcomes is None
        else outcomes.count("failed") + outcomes.count("error"),
    )


def list_orphaned_interviews() -> list[UUID]:
    """Return the interviews with a run whose process no longer keeps its lease."""
    orphaned = Run.objects.filter(state__in=LIVE_RUN_STATES, lease_until__lt=now())
    return list(orphaned.values_list("interview_id", flat=True).distinct())


def interrupt_orphaned_runs() -> int:
    """End runs whose process no longer keeps their lease; return how many."""
    orphaned = Run.objects.filter(state__in=LIVE_RUN_STATES, lease_until__lt=now())
    return sum(_interrupt(run_id) for run_id in orphaned.values_list("pk", flat=True))


@transaction.atomic
def _interrupt(run_id: UUID) -> bool:
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("interview__assessment_version")
        .get(pk=run_id)
    )
    if run.state not in LIVE_RUN_STATES or run.lease_until is None:
        return False
    if run.lease_until >= now():
        return False
    kept = stored_pieces(run, 0)
    has_begun = run.state == RunState.RUNNING
    last_kept_at = run.lease_until - LEASE
    outcome = RunOutcome(
        reason="failed",
        state=RunState.INTERRUPTED,
        message=_("The run was cut off by a restart. Run it again."),
        output="".join(piece.text for piece in kept),
        duration_ms=to_milliseconds(now() - run.created_at),
        # What is known: it ran when its process was last heard of.
        sandbox_ms=limit_sandbox_ms(last_kept_at - run.created_at) if has_begun else 0,
    )
    end_run(run, outcome)
    return True


def stored_pieces(run: Run, offset: int) -> list[Piece]:
    """Return the logged output that ends after `offset`, in order."""
    events = run.interview.events.filter(
        kind=RunOutput.kind, payload__run=str(run.pk)
    ).order_by("seq")
    pieces = [
        Piece(payload["offset"], payload["stream"], payload["text"])
        for payload in events.values_list("payload", flat=True)
    ]
    return [cut for piece in pieces if (cut := cut_piece(piece, offset))]


def cut_piece(piece: Piece, offset: int) -> Piece | None:
    """Return what of a piece follows an offset, or None."""
    if piece.offset >= offset:
        return piece
    text = clean_text(utf16_slice(piece.text, offset - piece.offset))
    return Piece(offset, piece.stream, text) if text else None
