"""Asking the judge and reading its answer."""

from collections.abc import Callable
from typing import Annotated, Any

import anthropic
from django.db import transaction
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.enums import PromptPurpose
from assistant.errors import ProviderError
from assistant.models import PromptVersion, ScoreRun
from assistant.providers.parts import ChatRequest
from assistant.scoring.evidence import EvidenceBuilder, render_evidence, texts_by_seq
from assistant.services.asking import OneAnswer, SingleCall
from assistant.services.catalogue import plan_score
from assistant.services.metering import SCORE
from assistant.services.prompts import choose_prompt, fill_prompt
from interviews.blind_spots import describe_blind_spots
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
    SpendingStoppedError or ProviderError; a failure never becomes a score. The calls
    are in the usage ledger whether their answer could be used or not.
    """
    prompt = choose_prompt(PromptPurpose.SCORE, interview)
    moments = EvidenceBuilder(interview).build()
    missing = "".join(f"{line}\n\n" for line in describe_blind_spots(interview))
    evidence = f"{render_evidence(moments)}\n\n{missing}Judge this interview."
    request = ChatRequest(
        system=[{"type": "text", "text": _build_system(interview, prompt)}],
        messages=[{"role": "user", "content": evidence}],
        schema=judgement_schema(),
        max_tokens=MAX_TOKENS,
        reference=str(interview.pk),
    )
    run, answer = _ask(interview, prompt, request)
    judgement = _parse(run, answer)
    with transaction.atomic():
        scorecard = write_scorecard(
            interview,
            _draft(judgement, prompt, answer),
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
    interview: Interview, prompt: PromptVersion, request: ChatRequest
) -> tuple[ScoreRun, OneAnswer]:
    """Reserve, ask, settle: whatever becomes of the calls, the ledger has them."""
    call = SingleCall(interview, purpose=SCORE, for_staff=True)
    answer = call.ask(plan_score(interview), request)
    with transaction.atomic():
        run = ScoreRun.objects.create(
            interview=interview,
            prompt_version=prompt,
            model=answer.model,
            fallback_from=answer.fallback_from,
            is_simulated=answer.is_simulated,
            answer={"text": answer.text, "stop_reason": answer.stop_reason},
        )
        # The account is locked last: everybody who pays from it waits.
        run.usage = call.settle()
        run.save(update_fields=["usage"])
    return run, answer


def _parse(run: ScoreRun, answer: OneAnswer) -> Judgement:
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
    judgement: Judgement, prompt: PromptVersion, answer: OneAnswer
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
        is_simulated=answer.is_simulated,
    )
