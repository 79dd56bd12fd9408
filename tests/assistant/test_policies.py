"""What a policy lets the assistant do, and who reads it."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils.html import escape

from assistant.context.system import build_system
from assistant.enums import MessageRole, PromptPurpose
from assistant.events import PolicyWithheld
from assistant.models import Message
from assistant.policies.rules import TOOLS, rules_of
from assistant.providers.parts import AnswerText
from assistant.services.policies import guard_turn
from assistant.services.prompts import choose_prompt, import_shipped_prompts
from assistant.services.turns import ask
from assistant.tools.catalogue import tools_of
from interviews.enums import InterviewState, Policy
from interviews.models import Event, Interview
from interviews.services.files import create_file
from interviews.services.previews import entry_path
from tests.assistant.conftest import Running
from tests.assistant.test_guard import FENCED, SOLUTION, TELLING
from tests.assistant.turns import answer, use
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory
from tests.fakes.model import ANSWER, BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Any, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


def make_interview(policy: Policy, **version: Any) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        assessment_version=AssessmentVersionFactory.create(policy=policy, **version),
    )
    return made


def says(monkeypatch: pytest.MonkeyPatch, *pieces: str) -> FakeModel:
    words = [AnswerText(piece) for piece in pieces]
    return use(monkeypatch, FakeModel([*BEGUN, *words, *ANSWER[-2:]]))


def withheld(interview: Interview) -> list[dict[str, Any]]:
    events = Event.objects.filter(interview=interview, kind=PolicyWithheld.kind)
    return [event.payload for event in events]


async def test_solution_is_neither_shown_nor_stored_under_hints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interview = await sync_to_async(make_interview)(Policy.HINTS)
    says(monkeypatch, FENCED[:40], FENCED[40:90], FENCED[90:])

    turn = await answer(interview)

    said = await Message.objects.aget(turn=turn, role=MessageRole.ASSISTANT)
    assert TELLING in said.text
    assert said.text.endswith("Done.")
    blocks = [
        event.payload["text"]
        async for event in Event.objects.filter(kind="turn.text").order_by("seq")
    ]
    assert "".join(blocks) == said.text
    assert SOLUTION[3].strip() not in said.text
    (event,) = await sync_to_async(withheld)(interview)
    assert (event["turn"], event["lines"]) == (str(turn.pk), len(SOLUTION))
    assert not any("seen" in str(value) for value in event.values())


async def test_withheld_code_does_not_come_back_with_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interview = await sync_to_async(make_interview)(Policy.HINTS)
    model = says(monkeypatch, FENCED)
    await answer(interview)

    await answer(interview, "Show me the code you left out")

    assert SOLUTION[3].strip() not in str(model.requests[-1].messages)


@pytest.mark.parametrize("policy", [Policy.PAIR, Policy.AGENT])
async def test_other_policies_show_the_solution(
    monkeypatch: pytest.MonkeyPatch, policy: Policy
) -> None:
    interview = await sync_to_async(make_interview)(policy)
    says(monkeypatch, FENCED)

    turn = await answer(interview)

    said = await Message.objects.aget(turn=turn, role=MessageRole.ASSISTANT)
    assert said.text == FENCED
    assert not await sync_to_async(withheld)(interview)


def test_lines_of_the_candidate_may_be_quoted_in_a_review() -> None:
    interview = make_interview(Policy.HINTS)
    folder = interview.assessment_version.sections.all()[0].folder
    path = f"{folder}/mine.py"
    text = "\n".join(SOLUTION)
    create_file(interview.pk, path=path, text=text, client_id="file-0001")
    turn, _is_new = ask(
        interview.pk, client_id="ask-00000001", text="Is this right?", files=[path]
    )

    guard = guard_turn(turn)

    assert guard.take(FENCED) + guard.close() == FENCED


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        pytest.param(Policy.HINTS, "whole solutions", id="hints"),
        pytest.param(Policy.PAIR, "At most 3 steps", id="pair"),
        pytest.param(Policy.AGENT, "At most 5 steps", id="agent"),
    ],
)
def test_model_reads_the_policy_and_its_limits(policy: Policy, words: str) -> None:
    limits = {"steps_pair": 3, "steps_agent": 5}
    interview = make_interview(policy, assistant_limits=limits)
    prompt = choose_prompt(PromptPurpose.CHAT, interview)

    system = build_system(interview, prompt)

    assert words in system[0]["text"]


def test_candidate_and_model_read_that_edits_are_applied_at_once(
    client: Client,
) -> None:
    interview = make_interview(Policy.AGENT, applies_edits=True)
    prompt = choose_prompt(PromptPurpose.CHAT, interview)

    page = client.get(entry_path(interview.invitation)).content.decode()
    system = build_system(interview, prompt, has_tools=True)

    assert "into your files without asking you first" in page
    assert "until you accept it" not in page
    assert "applied at once, without asking the candidate" in system[0]["text"]
    assert "judges every edit" not in system[0]["text"]


@pytest.mark.parametrize("policy", [Policy.HINTS, Policy.PAIR, Policy.AGENT])
def test_candidate_reads_policy_and_limits_before_the_interview(
    client: Client, policy: Policy
) -> None:
    interview = make_interview(
        policy, assistant_limits={"asks_per_minute": 4, "output_tokens": 1000}
    )

    page = client.get(entry_path(interview.invitation)).content.decode()

    for line in rules_of(interview).text:
        assert escape(line) in page
    assert "up to 4 questions a minute" in page
    assert "about 750 words" in page
    steps = {Policy.HINTS: "about 3000 for", Policy.PAIR: "about 6000 for"}
    assert steps.get(policy, "about 15000 for") in page


def test_candidate_reads_that_there_is_no_assistant(client: Client) -> None:
    interview = make_interview(Policy.OFF)

    page = client.get(entry_path(interview.invitation)).content.decode()

    assert "There is no assistant in this interview." in page
    assert "questions a minute" not in page


def test_each_policy_has_its_tools() -> None:
    assert "propose_edit" not in TOOLS[Policy.HINTS]
    assert "run_command" not in TOOLS[Policy.PAIR]
    assert TOOLS[Policy.HINTS] < TOOLS[Policy.PAIR] < TOOLS[Policy.AGENT]
    assert not TOOLS[Policy.OFF]


@pytest.mark.parametrize("policy", [Policy.HINTS, Policy.PAIR, Policy.AGENT])
def test_catalogue_offers_no_tool_that_the_rules_do_not_name(policy: Policy) -> None:
    offered = {tool["name"] for tool in tools_of(policy)}

    assert offered <= TOOLS[policy]
