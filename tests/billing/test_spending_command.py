"""`spending`: the kill switch from the shell, and what the audit keeps of it."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AuditEntry
from billing.services.stops import find_stop
from tests.factories.people import People


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    call_command("spending", *args, "--json")
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_organisation_is_stopped_and_resumed(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = str(people.organisation.pk), str(people.other_organisation.pk)

    [state] = run("stop", "--organisation", "acme", "--reason", "a loop", capsys=capsys)
    assert (state["organisation"], state["stopped"]) == ("acme", True)
    assert state["reason"] == "a loop"
    assert (find_stop(own) is None, find_stop(other) is None) == (False, True)

    [state] = run("resume", "--organisation", "acme", capsys=capsys)
    assert not state["stopped"]
    assert find_stop(own) is None
    entries = AuditEntry.objects.order_by("pk")
    assert [(e.organisation, e.action, e.details) for e in entries] == [
        (
            people.organisation,
            "spending.stopped",
            {"everybody": False, "reason": "a loop"},
        ),
        (people.organisation, "spending.resumed", {"everybody": False}),
    ]


def test_whole_installation_is_stopped_and_everybody_reads_it(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    [state] = run("stop", capsys=capsys)

    assert (state["organisation"], state["everybody"]) == (None, True)
    assert find_stop(str(people.other_organisation.pk)) is not None
    assert set(AuditEntry.objects.values_list("organisation__slug", flat=True)) == {
        "acme",
        "globex",
    }


def test_status_tells_who_is_stopped(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("spending", "stop", "--organisation", "globex", "--reason", "why")
    capsys.readouterr()
    call_command("spending", "status")

    first, second = capsys.readouterr().out.splitlines()
    assert first == "The whole installation: spending is allowed."
    assert second.startswith("globex: stopped since ")
    assert second.endswith("Reason: why")


def test_status_of_one_names_everybodys_stop(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("spending", "stop")
    capsys.readouterr()
    call_command("spending", "status", "--organisation", "acme")

    assert "stopped with the whole installation" in capsys.readouterr().out


def test_resume_of_what_runs_leaves_no_trace(
    people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    run("resume", capsys=capsys)
    assert not AuditEntry.objects.exists()


def test_unknown_organisation_is_an_error(db: None) -> None:
    with pytest.raises(CommandError, match="no organisation “nobody”"):
        call_command("spending", "stop", "--organisation", "nobody")
