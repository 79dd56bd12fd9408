"""Plays the script of the finished interview through the product's services."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from assistant.configuration import Configuration
from assistant.enums import TurnState
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.turns import checkpoint_turn, claim_turn, store_question
from base.clock import at_time, now
from base.text import shorten
from interviewlm.sample.schema import Candidate
from interviewlm.sample.script import (
    Answer,
    Ask,
    Edit,
    Evidence,
    Finish,
    FinishedInterview,
    OpenSection,
    Run,
    Step,
)
from interviews.consent_text import CURRENT_VERSION
from interviews.enums import RunKind, StepState
from interviews.models import (
    AssessmentVersion,
    Document,
    EventCursor,
    Interview,
    PipelineStep,
)
from interviews.models import Run as RunRow
from interviews.selectors.sections import list_sections
from interviews.services.candidates import (
    begin_interview,
    record_consent,
    record_device_check,
)
from interviews.services.documents import keep_contents, update_document
from interviews.services.files import create_file
from interviews.services.invitations import invite_candidate
from interviews.services.lifecycle import finish_interview
from interviews.services.runs import (
    Piece,
    RunOutcome,
    create_run,
    end_run,
    finish_run,
)
from interviews.services.scorecards import (
    Quote,
    ScorecardDraft,
    VerdictDraft,
    write_scorecard,
)
from interviews.services.sections import open_section
from interviews.timeline.kinds import DeviceChecked
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update

OWNER = "sample"
_EDITOR = "sample-editor"
# Nobody is asked: the answers are in the script.
_RECORDED = Configuration(base_url="", api_key="", model="recorded", is_simulated=True)


def replay_finished(
    script: FinishedInterview,
    version: AssessmentVersion,
    *,
    candidate: Candidate,
    actor: User,
) -> Interview:
    """Write the finished interview as the product would have, at its time in the past.

    Nothing is run: results of runs and hidden tests are the recorded ones, so that
    the sample loads where no sandbox works. Called inside a transaction, so that no
    worker sees the pipeline before its steps are set.
    """
    began_at = now() - timedelta(days=script.days_ago)
    with at_time(began_at - timedelta(minutes=12)):
        invitation = invite_candidate(
            version,
            email=candidate.email,
            name=candidate.name,
            invited_by=actor,
            send_mail=False,
        )
        interview = invitation.interview
        Interview.objects.filter(pk=interview.pk).update(is_sample=True)
        record_consent(interview.pk, version=CURRENT_VERSION, language="en")
        record_device_check(
            interview.pk,
            result=DeviceChecked(
                camera="ok", microphone="ok", socket="ok", upload="ok"
            ),
        )
    with at_time(began_at):
        begin_interview(interview.pk)
    replay = _Replay(interview, script, began_at)
    for number, step in enumerate(script.steps):
        with at_time(began_at + timedelta(seconds=step.at)):
            replay.play(number, step)
    with at_time(began_at + timedelta(seconds=script.duration_seconds + 60)):
        replay.judge()
    interview.refresh_from_db()
    return interview


class _Replay:
    def __init__(
        self, interview: Interview, script: FinishedInterview, began_at: datetime
    ) -> None:
        self._interview = interview
        self._script = script
        self._began_at = began_at
        self._seqs: dict[tuple[str, int], int] = {}
        self._texts: dict[int, str] = {}
        self._turn = ""

    def play(self, number: int, step: Step) -> None:
        """Play one step and remember which event carries its words."""
        client_id = f"sample-{number:04d}"
        if isinstance(step, OpenSection):
            open_section(self._interview.pk, folder=step.section, client_id=client_id)
        elif isinstance(step, Edit):
            self._edit(step, client_id)
        elif isinstance(step, Run):
            self._run(step, client_id)
        elif isinstance(step, Ask):
            turn, _is_new = store_question(
                self._interview.pk,
                client_id=client_id,
                text=step.text,
                configuration=_RECORDED,
                files=step.files,
            )
            self._turn = str(turn.pk)
        elif isinstance(step, Answer):
            self._answer(step)
        elif isinstance(step, Finish):
            finish_interview(self._interview.pk)
        if isinstance(step, Edit | Run | Ask | Answer):
            self._remember(step.kind, step.at, step.evidence)

    def _remember(self, kind: str, at: int, text: str) -> None:
        cursor = EventCursor.objects.get(pk=self._interview.pk)
        self._seqs[(kind, at)] = cursor.last_seq
        self._texts[cursor.last_seq] = text

    def _edit(self, step: Edit, client_id: str) -> None:
        documents = Document.objects.filter(interview=self._interview, path=step.path)
        document = documents.first()
        if document is None:
            # With its text it would count as brought along from outside.
            create_file(
                self._interview.pk,
                path=step.path,
                text="",
                client_id=f"{client_id}-new",
            )
            document = documents.get()
        changes = make_update(document.text, step.text)
        update_document(
            self._interview.pk,
            path=step.path,
            version=document.version,
            updates=[Update(_EDITOR, changes)],
            client_id=client_id,
        )

    def _run(self, step: Run, client_id: str) -> None:
        with at_time(now() - timedelta(milliseconds=step.duration_ms)):
            run, _is_new = create_run(
                self._interview.pk,
                client_id=client_id,
                kind="tests",
                folder=step.section,
                path=None,
                owner=OWNER,
            )
        finish_run(
            run.pk,
            owner=OWNER,
            outcome=RunOutcome(
                reason="exited",
                exit_code=step.exit_code,
                output=step.output,
                tests=[
                    {
                        "name": test.name,
                        "outcome": test.outcome,
                        "duration_ms": 0,
                        "message": test.message,
                    }
                    for test in step.tests
                ],
                duration_ms=step.duration_ms,
            ),
            pieces=[Piece(0, "stdout", step.output, [[0, 0]])],
        )

    def _answer(self, step: Answer) -> None:
        turn = self._interview.conversations.get().turns.get(pk=self._turn)
        claim_turn(turn.pk, owner=OWNER)
        checkpoint_turn(turn.pk, owner=OWNER, offset=0, text=step.text, marks=[[0, 0]])
        end_turn(
            turn.pk,
            TurnOutcome(
                state=TurnState.FINISHED,
                text=step.text,
                model=self._script.scorecard.model,
                stop_reason="end_turn",
                is_simulated=True,
            ),
        )

    def judge(self) -> None:
        """Write what the pipeline would have: hidden results, scorecard, step states."""
        self._write_hidden_results()
        self._write_scorecard()
        for name, state, message in (
            ("assemble", StepState.SKIPPED, _("The sample has no recording.")),
            ("hidden_tests", StepState.DONE, _("Recorded results of the sample.")),
            ("score", StepState.DONE, _("Recorded scores of the sample.")),
        ):
            PipelineStep.objects.filter(interview=self._interview, name=name).update(
                state=state, message=message, attempts=1, finished_at=now()
            )

    def _write_hidden_results(self) -> None:
        for section in list_sections(self._interview):
            paths = Document.objects.filter(
                interview=self._interview, path__startswith=f"{section.folder}/"
            ).values_list("path", flat=True)
            run = RunRow.objects.create(
                interview=self._interview,
                client_id=f"hidden:{section.position}",
                kind=RunKind.HIDDEN,
                section=section.position,
                files=keep_contents(self._interview, paths),
                created_at=now(),
            )
            tests = [
                {
                    "name": result.case,
                    "outcome": "passed" if result.is_passed else "failed",
                    "duration_ms": 0,
                    "message": "",
                }
                for result in self._script.hidden
                if result.section == section.folder
            ]
            end_run(run, RunOutcome(reason="exited", tests=tests, duration_ms=0))

    def _write_scorecard(self) -> None:
        draft = self._script.scorecard
        write_scorecard(
            self._interview,
            ScorecardDraft(
                summary=draft.summary,
                verdicts=[
                    VerdictDraft(
                        dimension=verdict.dimension,
                        score=verdict.score,
                        certainty=verdict.certainty,
                        reason=verdict.reason,
                        evidence=[self._quote(item) for item in verdict.evidence],
                    )
                    for verdict in draft.verdicts
                ],
                model=draft.model,
                prompt_version=shorten(_("recorded with the sample"), 80),
                is_simulated=True,
            ),
            texts=self._texts,
        )

    def _quote(self, item: Evidence) -> Quote:
        return Quote(self._seqs[(item.kind, item.at)], item.quote)
