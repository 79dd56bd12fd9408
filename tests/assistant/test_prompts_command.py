"""`manage.py prompts`: what the pages do, for the shell."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from assistant.models import PromptExperiment
from assistant.services.prompts import active_prompt, choose_prompt
from tests.assistant.prompts import CHAT_TEXT, chat_version, running
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db


def run(*words: object) -> str:
    out = StringIO()
    call_command("prompts", *map(str, words), stdout=out)
    return out.getvalue()


def run_json(*words: object) -> Any:
    return json.loads(run(*words, "--json"))


def test_list_names_every_version_and_what_is_in_use() -> None:
    draft = chat_version()
    facts = next(one for one in run_json("list") if one["prompt"] == "chat")

    states = {one["number"]: one["state"] for one in facts["versions"]}
    assert states[draft.number] == "draft"
    assert states[facts["active"]] == "in use"
    assert f"  v{draft.number}  draft" in run("list")


def test_show_prints_what_is_in_use_or_a_version() -> None:
    draft = chat_version("{{ nobody }}")

    assert run("show", "chat").strip() == active_prompt("chat").text.strip()
    facts = run_json("show", "chat", draft.number)
    assert (facts["text"], facts["variables"]) == ("{{ nobody }}", ["nobody"])
    assert any("nobody" in fault for fault in facts["faults"])


def test_import_makes_a_draft_that_can_be_compared_and_put_into_use(
    tmp_path: Path, people: People
) -> None:
    before = active_prompt("chat")
    file = tmp_path / "chat.md"
    file.write_text(f"{CHAT_TEXT}\n", encoding="utf-8")

    made = run_json("import", "chat", file, "--note", "short")
    assert made["state"] == "draft"
    assert active_prompt("chat") == before
    assert f"+{CHAT_TEXT}" in run("diff", "chat", before.number, made["number"])

    number = made["number"]
    done = run_json("activate", "chat", number, "--reason", "trial")
    assert (done["active"], done["changed"]) == (number, True)
    assert run_json("activate", "chat", number)["changed"] is False
    entry = AuditEntry.objects.filter(action="prompt.activated")[0]
    assert (entry.actor, entry.details["reason"]) == (None, "trial")

    assert run_json("rollback", "chat")["active"] == before.number
    assert active_prompt("chat") == before


def test_import_without_a_file_adds_what_is_shipped_once() -> None:
    assert run_json("import") == {"imported": 0}


def test_same_texts_say_so() -> None:
    number = active_prompt("chat").number

    assert run("diff", "chat", number, number) == "The texts are the same.\n"


def test_experiment_from_setting_up_to_the_winner() -> None:
    one, two = chat_version(), chat_version()
    experiment = ("experiment", "create", "chat", "brief")
    made = run_json(*experiment, f"{one.number}=1", f"{two.number}=0")
    assert made["state"] == "draft"
    assert run_json("experiment", "start", "brief")["state"] == "running"
    assert choose_prompt("chat", InterviewFactory.create()) == one

    run("experiment", "weights", "brief", f"{one.number}=0", f"{two.number}=5")
    assert choose_prompt("chat", InterviewFactory.create()) == two
    results = run_json("experiment", "results", "brief")["results"]
    assert [line["interviews"] for line in results] == [1, 1]
    assert results[0]["failed"] == {"count": 0, "of": 0, "low": 0.0, "high": 1.0}
    assert "conclude nothing" in run("experiment", "results", "brief")
    assert "brief: chat, running" in run("experiment", "list")

    run("experiment", "stop", "brief", "--winner", two.number)
    assert active_prompt("chat") == two
    assert PromptExperiment.objects.get().state == "stopped"


def test_experiment_that_never_ran_is_discarded() -> None:
    one, two = chat_version(), chat_version()
    run("experiment", "create", "chat", "brief", f"{one.number}=1", f"{two.number}=1")

    run("experiment", "discard", "brief")

    assert not PromptExperiment.objects.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "nobody"], "There is no prompt “nobody”."),
        (["activate", "chat", "999"], "“chat” has no version 999."),
        (["rollback", "score"], "No other version was in use"),
        (["import", "chat", "/nowhere/chat.md"], "cannot be read"),
        (["import", "chat"], "Name the file"),
        (["experiment", "start", "none"], "There is no experiment “none”."),
        (["experiment", "create", "chat", "x", "4"], "is not VERSION=WEIGHT"),
        (["experiment", "create", "chat", "x", "1=1"], "2 to 6 variants"),
    ],
    ids=[
        "prompt",
        "version",
        "rollback",
        "file",
        "no-file",
        "experiment",
        "share",
        "one-variant",
    ],
)
def test_what_cannot_be_done_is_an_error(words: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*words)


def test_faulty_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "chat.md"
    file.write_text("{{ nobody }}", encoding="utf-8")
    with pytest.raises(CommandError, match="nobody }}” is unknown"):
        run("import", "chat", file)

    file.write_bytes(b"\xff")
    with pytest.raises(CommandError, match="UTF-8"):
        run("import", "chat", file)


def test_second_running_experiment_is_refused() -> None:
    one, two = chat_version(), chat_version()
    running(one, two)
    run("experiment", "create", "chat", "brief", f"{one.number}=1", f"{two.number}=1")

    with pytest.raises(CommandError, match="Stop it first"):
        run("experiment", "start", "brief")
