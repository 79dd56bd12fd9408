"""What the first frame of the workspace socket says."""

from contextlib import suppress
from uuid import UUID

from base.text import utf16_length
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.live_runs import find_live_run as find_here
from interviews.live_runs import find_place
from interviews.models import Interview, Run
from interviews.protocol import (
    PROTOCOL,
    Frame,
    clock_fields,
    iso,
    tree_fields,
)
from interviews.selectors.clock import list_lasting, list_lines
from interviews.selectors.workspace import (
    find_live_run,
    list_open_terminals,
    open_folder,
    read_clock,
    read_file_tree,
)
from interviews.services.documents import seed_workspace
from interviews.services.presence import note_seen
from interviews.services.run_commands import command_text, section_folder
from interviews.services.runs import stored_pieces


def build_hello(interview_id: UUID, *, is_candidate: bool) -> Frame:
    """Return the workspace as it is; puts the starter files in place if need be."""
    interview = Interview.objects.select_related("assessment_version").get(
        pk=interview_id
    )
    if is_candidate:
        note_seen(interview_id)
        _seed(interview)
    run = find_live_run(interview_id)
    return {
        "protocol": PROTOCOL,
        "interview": {
            "state": interview.state,
            "started_at": iso(interview.started_at),
            **clock_fields(read_clock(interview)),
            **_ledger(interview),
        },
        "section": open_folder(interview),
        "terminals": list_open_terminals(interview_id),
        **tree_fields(read_file_tree(interview_id)),
        "live_run": run and _live_run_fields(run),
    }


def _seed(interview: Interview) -> None:
    if interview.state != InterviewState.ACTIVE:
        return
    # Its time may run out this moment: the page is told by the end of the interview.
    with suppress(InterviewError):
        seed_workspace(interview)


def _live_run_fields(run: Run) -> Frame:
    live = find_here(run.pk)
    started_at = live.started_at if live else run.created_at
    return {
        "run": str(run.pk),
        "section": section_folder(run),
        "kind": run.kind,
        "state": "running" if live and live.started_at else run.state,
        "position": find_place(run.pk),
        "offset": live.output.length if live else _stored_length(run),
        "argv_text": command_text(run),
        "started_at": iso(started_at),
    }


def _stored_length(run: Run) -> int:
    pieces = stored_pieces(run, 0)
    return pieces[-1].offset + utf16_length(pieces[-1].text) if pieces else 0


def build_clock(interview: Interview) -> Frame:
    """Return the clock, with the lines of the ledger that made it."""
    clock = read_clock(interview)
    return {
        "type": "clock",
        **clock_fields(clock),
        "server_time": iso(clock.server_time),
        **_ledger(interview),
    }


def _ledger(interview: Interview) -> Frame:
    return {"entries": list_lines(interview), "lasting": list_lasting(interview)}
