"""Equal calls of tools within one step."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from assistant.models import Message, ToolCall, Turn
from assistant.tools.base import ToolContext, ToolOutcome
from assistant.tools.loops import TOLD
from assistant.turns import chain, toolwork
from interviews.models import Interview
from tests.assistant.toolbox import awrite, make_interview, set_tool
from tests.assistant.turns import answer, use
from tests.fakes.script import ScriptedModel, Step, calls, says

pytestmark = pytest.mark.django_db(transaction=True)

LIST = ("list_files", {"folder": None})
READ = ("search", {"text": "pass", "is_regex": False, "path": None})
RUN = ("run_command", {"command": "ls"})


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


async def played(
    monkeypatch: pytest.MonkeyPatch, interview: Interview, *script: Step
) -> tuple[ScriptedModel, Turn]:
    """Ask a model that follows a script, and wait for the end."""
    await awrite(interview, "solution.py", "pass\n")
    model = use(monkeypatch, ScriptedModel(*script))
    return model, await answer(interview)


def count_work(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Have tools say how often one was called; return their names as they are."""
    made: list[str] = []

    def working(name: str) -> Callable[[ToolContext, object], ToolOutcome]:
        def work(_context: ToolContext, _asked: object) -> ToolOutcome:
            made.append(name)
            return ToolOutcome(f"{name} {len(made)}")

        return work

    for name in names:
        set_tool(monkeypatch, name, working(name))
    return made


async def test_equal_calls_beside_each_other_are_made_once_and_count(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_work(monkeypatch, "list_files")
    script = calls(LIST, READ, LIST, LIST), calls(LIST), says("Done.")

    model, turn = await played(monkeypatch, interview, *script)

    first, found, *repeats, refused = (result["content"] for result in model.results)
    assert made == ["list_files"]
    assert first == "list_files 1"
    assert "pass" in found
    assert repeats == [toolwork.SAME.format(number=1)] * 2
    # Three times in one step are as many as in three.
    assert refused == TOLD
    assert chain.CIRCLING in str(model.requests[-1].messages[-1])
    said = await Message.objects.aget(turn=turn, role="assistant")
    assert said.text == "Done."
    states = ToolCall.objects.filter(turn=turn).order_by("step", "number")
    assert [call.state async for call in states] == ["done"] * 4 + ["failed"]


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        pytest.param([RUN, RUN], ["run_command"], id="beside"),
        pytest.param(
            [LIST, RUN, LIST], ["list_files", "run_command", "list_files"], id="between"
        ),
    ],
)
async def test_what_may_have_changed_something_makes_an_equal_call_another(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    asked: list[tuple[str, object]],
    made: list[str],
) -> None:
    done = count_work(monkeypatch, "list_files", "run_command")

    await played(monkeypatch, interview, calls(*asked), says("Done."))

    assert done == made


async def test_repeat_of_a_call_that_failed_has_failed(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = ("read_file", {"path": "nowhere.py", "first": None, "last": None})
    model, _turn = await played(
        monkeypatch, interview, calls(wrong, wrong), says("It is not there.")
    )

    assert [result.get("is_error") for result in model.results] == [True, True]
