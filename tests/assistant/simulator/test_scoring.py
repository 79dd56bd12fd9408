"""Scorecards rest on the evidence, in whatever layout the schema has."""

from __future__ import annotations

import enum
from typing import Literal, TypeVar

from anthropic import AsyncAnthropic
from pydantic import BaseModel, Field

from tests.assistant.simulator.prompts import MODEL, ask

T = TypeVar("T", bound=BaseModel)
EVENTS = {
    3: ("turn.asked", 'origin="candidate"', "How do I start with a &lt; b?\nBFS maybe"),
    4: ("turn.finished", 'origin="assistant"', "Use a queue"),
    5: ("run.finished", 'passed="1" failed="2"', "1 passed, 2 failed"),
    6: ("document.edited", "", "def shortest_ladder(start, end, words):"),
    8: ("run.finished", 'passed="3" failed="0"', "3 passed"),
    9: ("tests.hidden", "", "4 of 5 hidden tests passed"),
}


class Dimension(enum.StrEnum):
    TECHNICAL = "technical"
    COMMUNICATION = "communication"
    EXPERIENCE = "experience"
    CONFIDENCE = "confidence"
    PROBLEM_SOLVING = "problem_solving"
    COLLABORATION = "collaboration_with_ai"
    OVERALL = "overall"


class Quote(BaseModel):
    seq: int
    quote: str


class Verdict(BaseModel):
    score: int | None = Field(ge=0, le=100)
    certainty: float = Field(ge=0, le=1)
    reason: str
    evidence: list[Quote]


class ListedVerdict(Verdict):
    dimension: Dimension


class Listed(BaseModel):
    scores: list[ListedVerdict]
    summary: str


class Named(BaseModel):
    technical: Verdict
    communication: Verdict
    confidence: Verdict


class Flat(BaseModel):
    technical: int | None
    experience: int | None
    confidence: int | None


class Rubric(BaseModel):
    class Item(BaseModel):
        key: str
        score: int = Field(ge=1, le=5)
        confidence: Literal["low", "high"]
        evidence: list[Quote]

    items: list[Item]


def evidence(skip: tuple[int, ...] = (), extra: str = "") -> str:
    events = "\n".join(
        f'<event seq="{seq}" kind="{kind}" t_ms="{seq * 100}" {more}>{text}</event>'
        for seq, (kind, more, text) in EVENTS.items()
        if seq not in skip
    )
    return f"Score the interview.\n<evidence>\n{events}{extra}\n</evidence>"


async def score(client: AsyncAnthropic, shape: type[T], prompt: str) -> T:
    parsed = await client.messages.parse(
        model=MODEL,
        max_tokens=20_000,
        system=prompt,
        messages=ask("Score it."),
        output_format=shape,
    )
    assert parsed.parsed_output is not None
    return parsed.parsed_output


def assert_proven(verdict: Verdict) -> None:
    assert verdict.reason.startswith("Simulated:")
    assert verdict.certainty == 0.2
    for one in verdict.evidence:
        assert one.quote
        assert one.quote in EVENTS[one.seq][2]


async def test_list_of_dimensions_is_scored_with_quotes(
    client: AsyncAnthropic,
) -> None:
    card = await score(client, Listed, evidence())

    scores = {one.dimension: one for one in card.scores}
    assert set(scores) == set(Dimension)
    assert scores[Dimension.TECHNICAL].score == 80
    assert scores[Dimension.COMMUNICATION].score is None
    assert scores[Dimension.COMMUNICATION].evidence == []
    assert scores[Dimension.EXPERIENCE].score is None
    assert scores[Dimension.COLLABORATION].evidence
    assert card.summary.startswith("Simulated:")
    for verdict in card.scores:
        assert_proven(verdict)


async def test_hidden_tests_move_the_technical_score(client: AsyncAnthropic) -> None:
    extra = '<event seq="10" kind="tests.hidden" passed="0" failed="5">0 of 5</event>'
    worse = await score(client, Named, evidence(extra=extra))
    none = await score(client, Named, evidence(skip=(5, 8, 9)))

    assert worse.technical.score == 40
    assert none.technical.score is None
    assert none.technical.evidence == []


async def test_speech_establishes_communication(client: AsyncAnthropic) -> None:
    extra = (
        '<event seq="11" kind="voice.utterance" origin="candidate">'
        "I would use a queue here</event>"
    )
    card = await score(client, Named, evidence(extra=extra))

    assert card.communication.score is not None
    assert card.confidence.score is not None


async def test_flat_scores_are_filled(client: AsyncAnthropic) -> None:
    card = await score(client, Flat, evidence())

    assert card.technical == 80
    assert card.experience is None
    assert card.confidence == 100


async def test_rubric_items_come_from_the_prompt(client: AsyncAnthropic) -> None:
    prompt = '<rubric><item key="tests_first"/><item key="naming"/></rubric>'
    card = await score(client, Rubric, f"{prompt}\n{evidence()}")

    assert [item.key for item in card.items] == ["tests_first", "naming"]
    assert all(1 <= item.score <= 5 for item in card.items)
    assert {item.confidence for item in card.items} == {"low"}


async def test_empty_evidence_establishes_nothing(client: AsyncAnthropic) -> None:
    card = await score(client, Listed, "<evidence></evidence>")

    assert {one.score for one in card.scores} == {None}
    assert all(one.evidence == [] for one in card.scores)


async def test_broken_events_are_left_out(client: AsyncAnthropic) -> None:
    extra = '<event seq="x" kind="run">9 passed</event><event kind="run">1</event>'
    card = await score(client, Listed, evidence(extra=extra))

    seqs = {one.seq for verdict in card.scores for one in verdict.evidence}
    assert seqs <= EVENTS.keys()
