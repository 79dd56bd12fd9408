"""Facts of presence over the socket: only where the assessment says so, and bounded."""

from typing import Any
from uuid import uuid4

import pytest

from interviews.enums import InterviewState
from interviews.models import Event, Interview
from interviews.services import facts
from interviews.timeline.presence_kinds import FACT_KINDS
from tests.factories.interviews import InterviewFactory
from tests.interviews.workspace.windows import Window, open_window

LOST = {"fact": "focus.lost", "details": {"how": "hidden"}, "t_ms": 1000}


@pytest.fixture
def noted(transactional_db: None) -> Interview:
    """An interview whose assessment has facts noted."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, invitation__assessment_version__notes_presence=True
    )
    return made


async def kept(interview: Interview) -> list[tuple[str, int | None, Any]]:
    rows = Event.objects.filter(
        interview=interview, kind__in=[*FACT_KINDS, "facts.cut"]
    )
    return [
        row async for row in rows.order_by("seq").values_list("kind", "t_ms", "payload")
    ]


async def tell(window: Window, **fields: Any) -> dict[str, Any]:
    return await window.ask("presence.fact", **(LOST | fields))


async def test_fact_is_kept_at_its_moment_and_once(noted: Interview) -> None:
    async with open_window(noted) as window:
        fact_id = str(uuid4())
        answers = [await tell(window, id=fact_id) for _time in range(2)]
        back = {"fact": "focus.regained", "details": {"away_ms": 4000}, "t_ms": 5000}
        await tell(window, **back)
        await tell(
            window, fact="viewport.narrowed", details={"width": 400, "height": 0}
        )
        await tell(window, fact="displays.told", details={"is_extended": True})

    assert {answer["type"] for answer in answers} == {"presence.noted"}
    assert await kept(noted) == [
        ("focus.lost", 1000, {"how": "hidden"}),
        ("focus.regained", 5000, {"away_ms": 4000}),
        ("viewport.narrowed", 1000, {"width": 400, "height": 0}),
        ("displays.told", 1000, {"is_extended": True}),
    ]


async def test_fact_is_refused_where_the_assessment_says_nothing_of_it(
    interview: Interview,
) -> None:
    async with open_window(interview) as window:
        answer = await tell(window)

    assert answer["code"] == "not_found"
    assert await kept(interview) == []


async def test_preview_keeps_no_facts(noted: Interview) -> None:
    await Interview.objects.filter(pk=noted.pk).aupdate(is_preview=True)
    async with open_window(noted) as window:
        assert (await tell(window))["code"] == "not_found"


async def test_window_that_only_reads_tells_nothing(noted: Interview) -> None:
    async with open_window(noted), open_window(noted) as reading:
        assert (await tell(reading))["code"] == "read_only"
    assert await kept(noted) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"fact": "candidate.cheated"},
        {"fact": "facts.cut", "details": {"kept": 1}},
        {"fact": "writing.moved", "details": {"is_asked": True, "place": ""}},
        {"details": {}},
        {"details": {"how": "asleep"}},
        {"details": {"how": "hidden", "title": "what else"}},
        {"fact": "focus.regained", "details": {"away_ms": -1}},
        {"fact": "focus.regained", "details": {"away_ms": 10**12}},
        {"fact": "viewport.narrowed", "details": {"width": "4", "height": 0}},
        {"fact": "displays.told", "details": {"is_extended": "yes"}},
        {"t_ms": -1},
        {"t_ms": 2**31},
        {"t_ms": "now"},
    ],
    ids=str,
)
async def test_malformed_fact_is_a_bad_frame(
    noted: Interview, fields: dict[str, Any]
) -> None:
    async with open_window(noted) as window:
        assert (await tell(window, **fields))["code"] == "bad_frame"
    assert await kept(noted) == []


async def test_fact_of_what_is_to_come_is_of_now(noted: Interview) -> None:
    async with open_window(noted) as window:
        await tell(window, t_ms=2**31 - 1)
    (row,) = await kept(noted)
    # The factory's interview began five minutes ago.
    assert row[1] is not None
    assert row[1] < 10 * 60 * 1000


async def test_too_many_facts_in_a_minute_are_refused(
    noted: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "FACTS_PER_MINUTE", 2)
    async with open_window(noted) as window:
        answers = [await tell(window) for _time in range(3)]

    assert answers[-1]["code"] == "rate_limited"
    assert len(await kept(noted)) == 2


async def test_facts_beyond_the_most_are_said_to_be_missing_once(
    noted: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "MOST_FACTS", 2)
    async with open_window(noted) as window:
        for _time in range(4):
            await tell(window)

    assert [kind for kind, *_more in await kept(noted)] == [
        "focus.lost",
        "focus.lost",
        "facts.cut",
    ]
