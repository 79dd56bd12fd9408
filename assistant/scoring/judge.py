"""Asking the judge and reading its answer."""

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any

import anthropic
from django.db import transaction
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.configuration import Configuration
from assistant.enums import PromptPurpose
from assistant.errors import ProviderError
from assistant.models import PromptVersion, ScoreRun
from assistant.providers.claude import judge
from assistant.providers.parts import JudgeAnswer, JudgeRequest
from assistant.scoring.evidence import EvidenceBuilder, render_evidence, texts_by_seq
from assistant.services.catalogue import aim_score
from assistant.services.metering import (
    SCORE,
    bound_input,
    describe_call,
    failure_report,
    reserve_call,
)
from assistant.services.prompts import choose_prompt, fill_prompt
from billing.enums import Outcome
from billing.services.ledger import Report
from billing.services.reservations import settle
from interviews.enums import Dimension
from interviews.models import Interview, Scorecard
from interviews.services.scorecards import (
    Quote,
    ScorecardDraft,
    VerdictDraft,
    write_scorecard,
)

MAX_TOKENS = 16_000


class JudgedQuote(BaseModel):
    """Where a claim is proved."""

    model_config = ConfigDict(extra="forbid")

    seq: int
    quote: str


class JudgedVerdict(BaseModel):
    """One dimension as judged."""

    model_config = ConfigDict(extra="forbid")

    dimension: Dimension
    score: Annotated[int, Field(ge=0, le=100)] | None
    certainty: Annotated[int, Field(ge=0, le=100)]
    reason: str
    evidence: list[JudgedQuote]


class Judgement(BaseModel):
    """The judge's whole answer."""

    model_config = ConfigDict(extra="forbid")

    summary: str
    verdicts: list[JudgedVerdict]


def judgement_schema() -> dict[str, Any]:
    """Return the JSON schema the API enforces; ranges are checked here afterwards."""
    return dict(anthropic.transform_schema(Judgement))


def score_interview(
    interview: Interview, *, on_written: Callable[[Scorecard], None] | None = None
) -> Scorecard:
    """Judge an interview and write its scorecard.

    `on_written` is called in the transaction that writes the scorecard; what it
    raises undoes the scorecard. Raises NotConfiguredError, BudgetSpentError,
    SpendingStoppedError or ProviderError; a failure never becomes a score. The call
    is in the usage ledger whether its answer could be used or not.
    """
    configuration = aim_score(interview)
    prompt = choose_prompt(PromptPurpose.SCORE, interview)
    moments = EvidenceBuilder(interview).build()
    request = JudgeRequest(
        system=_build_system(interview, prompt),
        text=f"{render_evidence(moments)}\n\nJudge this interview.",
        schema=judgement_schema(),
        max_tokens=MAX_TOKENS,
        reference=str(interview.pk),
    )
    run, answer = _ask(interview, configuration, prompt, request)
    judgement = _parse(run, answer)
    with transaction.atomic():
        scorecard = write_scorecard(
            interview,
            _draft(judgement, configuration, prompt, answer),
            texts=texts_by_seq(moments),
        )
        run.scorecard = scorecard
        run.save(update_fields=["scorecard"])
        if on_written is not None:
            on_written(scorecard)
    return scorecard


def _build_system(interview: Interview, prompt: PromptVersion) -> str:
    assessment = interview.assessment_version
    rubric = "\n".join(
        f'<item key="{item.dimension}" weight="{item.weight}">{item.title}. '
        f"Good: {item.good} Poor: {item.poor}</item>"
        for item in assessment.rubric.items.all()
    )
    problems = "\n\n".join(
        f"## {section.problem_version.title}\n\n{section.problem_version.statement}"
        for section in assessment.sections.select_related("problem_version")
    )
    return fill_prompt(
        prompt.text,
        {
            "language": get_language_info(assessment.language)["name"],
            "rubric": rubric,
            "problems": problems,
        },
    )


def _ask(
    interview: Interview,
    configuration: Configuration,
    prompt: PromptVersion,
    request: JudgeRequest,
) -> tuple[ScoreRun, JudgeAnswer]:
    """Reserve, ask, settle: whatever becomes of the call, the ledger has it."""
    reservation = reserve_call(
        describe_call(interview, configuration, purpose=SCORE),
        input_tokens=bound_input(
            request.system, request.text, json.dumps(request.schema)
        ),
        output_tokens=request.max_tokens,
        for_staff=True,
    )
    try:
        answer = asyncio.run(judge(configuration, request))
    except ProviderError as error:
        settle(reservation.pk, failure_report(error))
        raise
    with transaction.atomic():
        run = ScoreRun.objects.create(
            interview=interview,
            prompt_version=prompt,
            model=answer.model,
            is_simulated=configuration.is_simulated,
            answer={"text": answer.text, "stop_reason": answer.stop_reason},
        )
        # The account is locked last: everybody who pays from it waits.
        run.usage = settle(reservation.pk, _report(answer))
        run.save(update_fields=["usage"])
    return run, answer


def _report(answer: JudgeAnswer) -> Report:
    is_refused = answer.stop_reason == "refusal"
    return Report(
        Outcome.REFUSED if is_refused else Outcome.FINISHED,
        raw=answer.usage,
        model=answer.model,
        request_id=answer.request_id,
    )


def _parse(run: ScoreRun, answer: JudgeAnswer) -> Judgement:
    """Read the answer; a refusal, a cut or a wrong shape is an error, kept on the run."""
    try:
        if answer.stop_reason != "end_turn":
            raise _unusable(answer.stop_reason or "unfinished")
        return Judgement.model_validate_json(answer.text)
    except ValidationError as error:
        run.error = f"{error.error_count()} errors in the answer"
        run.save(update_fields=["error"])
        raise _unusable("invalid") from error
    except ProviderError as error:
        run.error = error.code
        run.save(update_fields=["error"])
        raise


def _unusable(reason: str) -> ProviderError:
    return ProviderError(
        f"judge_{reason}",
        _("The judge's answer could not be used (%(reason)s).") % {"reason": reason},
        retryable=True,
    )


def _draft(
    judgement: Judgement,
    configuration: Configuration,
    prompt: PromptVersion,
    answer: JudgeAnswer,
) -> ScorecardDraft:
    return ScorecardDraft(
        summary=judgement.summary,
        verdicts=[
            VerdictDraft(
                dimension=verdict.dimension,
                score=verdict.score,
                certainty=verdict.certainty,
                reason=verdict.reason,
                evidence=[Quote(item.seq, item.quote) for item in verdict.evidence],
            )
            for verdict in judgement.verdicts
        ],
        model=answer.model,
        prompt_version=str(prompt),
        is_simulated=configuration.is_simulated,
    )
