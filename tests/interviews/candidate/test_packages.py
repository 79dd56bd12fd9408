"""Packages at hand: told by the runner, asked rarely, left out while it is away."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from interviews.models import Interview
from interviews.packages import list_packages
from interviews.runner_client import LanguageStatus, Package, Status
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner import FakeRunner, open_fake_runner
from tests.interviews.candidate.conftest import let_in

LANGUAGES = (
    LanguageStatus("bash", "Bash", "5.2.15", "bash"),
    LanguageStatus("python", "Python", "3.11.2, pytest 9.2.0", "python3"),
    LanguageStatus("sql", "SQL (SQLite)", "", "python3"),
)
PACKAGES = (
    Package("pytest", "9.2.0", "python"),
    Package("pluggy", "1.7.0", "python"),
    Package("node", "24.1.0", "javascript"),
)


def consent_page(client: Client, interview: Interview) -> str:
    let_in(client, interview)
    url = reverse("interviews:interview-consent", args=[interview.pk])
    return client.get(url).content.decode()


def test_without_a_runner_the_page_shows_no_list(
    client: Client, interview: Interview
) -> None:
    assert "packages at hand" not in consent_page(client, interview)


@pytest.mark.django_db(transaction=True)
async def test_the_runner_is_asked_once_and_its_list_is_shown(
    client: Client, settings: Any, monkeypatch: Any
) -> None:
    interview = await sync_to_async(InterviewFactory.create)()
    asked = []

    def tell(_runner: FakeRunner) -> Status:
        asked.append(1)
        return Status(
            available=True,
            reason="",
            levels={},
            packages=PACKAGES,
            generation="1",
            languages=LANGUAGES,
        )

    monkeypatch.setattr(FakeRunner, "_status", tell)
    async with open_fake_runner() as runner:
        settings.RUNNER_SOCKET = str(runner.path)
        listed = await sync_to_async(list_packages)()
        page = await sync_to_async(consent_page)(client, interview)

    assert listed == [
        ("Bash", ["5.2.15"]),
        ("Python", ["3.11.2", "pytest 9.2.0", "pluggy 1.7.0"]),
        ("javascript", ["node 24.1.0"]),
    ]
    assert len(asked) == 1
    assert "packages at hand" in page
    assert "3.11.2, pytest 9.2.0, pluggy 1.7.0" in page
