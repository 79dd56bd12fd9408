"""Which wording and which model made what the desk shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from assistant.models import ModelCall, ScoreRun, Turn
from interviews.models import Interview
from interviews.selectors.review import ScoreView


@dataclass(frozen=True)
class MadeBy:
    """Who made an answer or a score; `instead_of` should have, and could not."""

    model: str
    prompt: str
    instead_of: str = ""


def read_answers(interview: Interview) -> Mapping[UUID, MadeBy]:
    """Return who answered each turn; two queries for all of them.

    The model is the one that answered last: the steps of one turn may differ.
    """
    calls = ModelCall.objects.filter(interview=interview, error_code="")
    answered = {
        turn: (answered or asked, instead_of)
        for turn, answered, asked, instead_of in calls.exclude(turn=None)
        .order_by("pk")
        .values_list("turn", "answered", "asked", "fallback_from")
    }
    turns = Turn.objects.filter(conversation__interview=interview)
    made = {}
    for turn in turns.select_related("prompt_version__prompt"):
        model, instead_of = answered.get(turn.pk, ("", ""))
        prompt = "" if turn.prompt_version is None else str(turn.prompt_version)
        made[turn.pk] = MadeBy(model, prompt, instead_of)
    return made


def read_score(interview: Interview, score: ScoreView | None) -> MadeBy | None:
    """Return who made the newest scores; None where nobody is on record."""
    if score is None:
        return None
    runs = ScoreRun.objects.filter(
        scorecard__interview=interview, scorecard__number=score.number
    )
    run = runs.select_related("prompt_version__prompt").first()
    if run is None:
        return None
    return MadeBy(run.model, str(run.prompt_version), run.fallback_from)
