"""What a turn's beginning and end ask of the database is bounded, and stays so."""

from itertools import count
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db.backends.utils import CursorWrapper
from pytest_django import DjangoAssertNumQueries, Settings

from assistant.configuration import read_configuration
from assistant.enums import MessageRole, TurnState
from assistant.models import Message, Turn
from assistant.providers.parts import AnswerText
from assistant.selectors import build_hello
from assistant.services.checkpoints import Piece
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.metering import bound_chat_input, reserve_turn
from assistant.services.prompts import import_shipped_prompts
from assistant.services.requests import build_request
from assistant.services.turns import ask, claim_turn
from assistant.turns.chain import read_setting
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from interviews.services.documents import update_document
from interviews.services.files import create_file
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update
from tests.assistant.proposing import begin_turn, change, propose
from tests.assistant.turns import answer, use
from tests.factories.billing import UsageFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import ANSWER, BEGUN, FakeModel

pytestmark = pytest.mark.django_db

OWNER = "web-1"
TEXT = "".join(f"line_{number:02d} = {number}\n\n\n\n" for number in range(20))
_numbers = count()


def make_interview(settings: Settings) -> Interview:
    settings.ASSISTANT_PROVIDER = "simulator"
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@pytest.fixture
def interview(settings: Settings) -> Interview:
    made = make_interview(settings)
    # The first turn of all makes what the others find: accounts, sums, a cohort.
    finish(made, begin(made))
    return made


def question(interview: Interview) -> Turn:
    number = next(_numbers)
    turn, _is_new = ask(interview.pk, client_id=f"c-{number}", text=f"Why? {number}")
    return turn


def prepare(turn: Turn) -> None:
    setting = read_setting(turn.pk)
    request = build_request(turn.pk, setting.targets[0]).request
    reserve_turn(
        turn.pk,
        setting.targets[0],
        input_tokens=bound_chat_input(request),
        output_tokens=request.max_tokens,
    )


def begin(interview: Interview) -> Turn:
    turn = question(interview)
    assert claim_turn(turn.pk, owner=OWNER)
    prepare(turn)
    return turn


def finish(interview: Interview, turn: Turn, text: str = "Because.") -> None:
    outcome = TurnOutcome(
        state=TurnState.FINISHED,
        text=text,
        model=read_configuration().model,
        stop_reason="end_turn",
        usage={"input_tokens": 50, "output_tokens": 10},
        is_usage_final=True,
        blocks=({"type": "text", "text": text},),
    )
    news = Piece(turn.pk, 0, text, [[0, 0]])
    assert end_turn(turn.pk, outcome, owner=OWNER, news=news) is not None


def test_question_is_stored_in_few_statements(
    interview: Interview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    with django_assert_max_num_queries(22):
        question(interview)


def test_request_is_prepared_and_reserved_for_in_few_statements(
    interview: Interview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    turn = question(interview)
    claim_turn(turn.pk, owner=OWNER)

    with django_assert_max_num_queries(39):
        prepare(turn)


def test_answer_is_stored_and_settled_in_few_statements(
    interview: Interview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    turn = begin(interview)

    with django_assert_max_num_queries(23):
        finish(interview, turn)

    kinds = Event.objects.filter(interview=interview).order_by("seq")
    assert [event.kind for event in kinds][-2:] == ["turn.text", "turn.finished"]


def test_hello_does_not_ask_more_for_each_proposal(
    interview: Interview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    section = interview.assessment_version.sections.get(position=0)
    path = f"{section.folder}/solution.py"
    create_file(interview.pk, path=path, text=TEXT, client_id="create-0001")
    turn = begin_turn(interview)
    for number in range(0, 20, 2):
        old = f"line_{number:02d} = {number}"
        propose(turn, change(path, (old, f"{old} + 1")))
        document = interview.documents.get(path=path)
        grown = f"#\n{document.text}"
        update_document(
            interview.pk,
            path=path,
            version=document.version,
            updates=[Update("editor-1", make_update(document.text, grown))],
            client_id=f"edit-{number:04d}",
        )

    with django_assert_max_num_queries(45):
        hello = build_hello(interview.pk, None)

    text = interview.documents.get(path=path).text
    hunks = [frame["hunks"][0] for frame in hello["proposals"]]
    assert len(hunks) == 10
    assert {hunk["at"]["version"] for hunk in hunks} == {10}
    assert all(text[hunk["at"]["start"] :].startswith(hunk["old"]) for hunk in hunks)


def test_hello_does_not_ask_more_for_each_answer_with_tools(
    interview: Interview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    version = interview.assessment_version
    version.shows_cost = True
    version.save(update_fields=["shows_cost"])
    for _answer in range(8):
        finish(interview, begin(interview))
    answers = Message.objects.filter(role=MessageRole.ASSISTANT).select_related("usage")
    for message in answers:
        last = message.usage
        assert last is not None
        labels = {"turn": str(message.turn_id), "step": "1"}
        message.usage = UsageFactory.create(
            reference=last.reference, labels=labels, input_tokens=7, output_tokens=3
        )
        message.save(update_fields=["usage"])

    with django_assert_max_num_queries(40):
        hello = build_hello(interview.pk, None)

    told = [frame["usage"] for frame in hello["messages"] if "usage" in frame]
    assert [usage["input_tokens"] for usage in told] == [57] * 9


@pytest.mark.django_db(transaction=True)
async def test_answer_asks_nothing_of_the_database_for_its_pieces(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await sync_to_async(make_interview)(settings)
    statements = count_statements(monkeypatch)
    text = AnswerText("word ")

    counts = []
    for pieces in (1, 3_000):
        use(monkeypatch, FakeModel([*BEGUN, *[text] * pieces, *ANSWER[-2:]]))
        before = len(statements)
        turn = await answer(made)
        counts.append(len(statements) - before)
        said = await Message.objects.aget(turn=turn, role=MessageRole.ASSISTANT)
        assert said.text == text.text * pieces

    few, many = counts
    # Beside what every answer takes there is a checkpoint each second, at most.
    assert many < few + 300


def count_statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have the statements of all threads noted from now on."""
    noted: list[str] = []
    execute = CursorWrapper.execute

    def note(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        noted.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", note)
    return noted
