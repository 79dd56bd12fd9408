"""Alive, ready, and how it does."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from base import readiness
from base.clock import now
from base.readiness import Finding, overall_status, register_check, run_checks
from billing.enums import ReservationState, Scope
from interviewlm import checks
from tests.factories.accounts import OutboxFactory
from tests.factories.billing import (
    BudgetAlertFactory,
    ReservationFactory,
    SpendWindowFactory,
    UsageFactory,
)
from tests.factories.interviews import InterviewFactory


@pytest.fixture
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_checks", {})


def fail() -> Finding:
    return Finding("failed", "Broken.", "Mend it.")


def test_healthz_asks_nothing(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


def test_readyz_names_what_is_missing(db: None, client: Client) -> None:
    answer = client.get("/readyz")
    body = answer.json()
    assert answer.status_code == 503
    assert body["status"] == "failed"
    by_name = {check["name"]: check for check in body["checks"]}
    fine = ("database", "migrations", "cache", "channel layer", "broker", "media")
    assert {by_name[name]["status"] for name in fine} == {"ok"}
    assert by_name["assistant"]["status"] == "failed"
    assert "ANTHROPIC_API_KEY" in by_name["assistant"]["mend"]
    assert by_name["runner"]["status"] == "warning"
    assert by_name["runner"]["mend"]


def test_readyz_with_simulator_is_a_warning(
    db: None, client: Client, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "warning"
    assert "no-store" in answer["Cache-Control"]


def test_readyz_with_key_never_shows_it(
    db: None, client: Client, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-secret"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert "sk-ant-secret" not in answer.content.decode()


@pytest.mark.usefixtures("no_checks")
def test_only_a_critical_failure_is_red() -> None:
    register_check("a", Finding)
    register_check("b", fail, critical=False)
    assert overall_status(run_checks()) == "warning"
    register_check("c", fail)
    assert overall_status(run_checks()) == "failed"
    assert [result.name for result in run_checks()] == ["a", "b", "c"]


@pytest.mark.usefixtures("no_checks")
def test_a_broken_check_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def explode() -> Finding:
        raise RuntimeError("secret")

    register_check("a", explode)
    register_check("b", Finding)
    first, second = run_checks()
    assert (first.status, second.status) == ("failed", "ok")
    assert "secret" not in first.message + first.mend


def test_database_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(connection, "cursor", refuse)
    found = checks.check_database()
    assert (found.status, found.message) == (
        "failed",
        "The database does not answer.",
    )


@pytest.mark.django_db(transaction=True)
def test_migrations_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'recordings'")
    try:
        found = checks.check_migrations()
        assert found.status == "failed"
        assert "manage.py migrate" in found.mend
    finally:
        with connection.cursor() as cursor:
            for path in Path("recordings/migrations").glob("0*.py"):
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied)"
                    " VALUES ('recordings', %s, CURRENT_TIMESTAMP)",
                    [path.stem],
                )


def test_cache_that_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", lambda _key: None)
    assert checks.check_cache().status == "failed"


def test_redis_gone(settings: Settings) -> None:
    nowhere = "redis://127.0.0.1:1"
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": nowhere,
        }
    }
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [nowhere]},
        }
    }
    assert checks.check_cache().status == "failed"
    assert checks.check_channel_layer().status == "failed"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }


def test_broker_folder(settings: Settings, tmp_path: Path) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.CELERY_BROKER_DIR = tmp_path / "broker"
    assert checks.check_broker().status == "failed"
    settings.CELERY_BROKER_DIR.mkdir()
    assert checks.check_broker().status == "ok"


def test_media_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings.MEDIA_ROOT = blocked / "media"
    found = checks.check_media()
    assert (found.status, found.mend) == (
        "failed",
        "Let the process write to MEDIA_ROOT.",
    )


def test_metrics_from_this_machine(db: None, client: Client) -> None:
    OutboxFactory.create()
    InterviewFactory.create()
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'interviewlm_interviews{state="invited"} 1.0' in text
    assert 'interviewlm_mails{state="waiting"} 1.0' in text
    assert "interviewlm_http_requests_total" in text


def test_metrics_of_money_keep_simulated_apart(db: None, client: Client) -> None:
    month = {"starts_on": now().date().replace(day=1), "scope": Scope.PAYER_MONTH}
    for number, (purpose, is_simulated, spent) in enumerate(
        [
            ("chat", False, "1.25"),
            ("chat", False, "2"),
            ("chat", True, "64"),
            ("", False, "3.25"),
        ]
    ):
        SpendWindowFactory.create(
            **month,
            subject=f"payer-{number}",
            purpose=purpose,
            is_simulated=is_simulated,
            spent_usd=Decimal(spent),
        )
    ReservationFactory.create(amount_usd=Decimal("0.5"))
    ReservationFactory.create(amount_usd=Decimal("0.25"))
    ReservationFactory.create(state=ReservationState.RELEASED)
    BudgetAlertFactory.create()
    BudgetAlertFactory.create(told_at=now())
    UsageFactory.create(cost_usd=None)
    UsageFactory.create()
    found = set(client.get("/metrics").content.decode().splitlines())

    assert found >= {
        'interviewlm_spent_month_usd{purpose="chat",simulated="no"} 3.25',
        'interviewlm_spent_month_usd{purpose="chat",simulated="yes"} 64.0',
        'interviewlm_open_reservations{simulated="no"} 2.0',
        'interviewlm_reserved_usd{simulated="no"} 0.75',
        "interviewlm_waiting_budget_alerts 1.0",
        "interviewlm_unknown_cost_calls 1.0",
    }
    assert not any('purpose=""' in line for line in found)


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("10.0.0.9", {}, 403),
        ("10.0.0.9", {"Authorization": "Bearer wrong"}, 403),
        ("10.0.0.9", {"Authorization": "Bearer t0ken"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 403),
        ("::1", {}, 200),
        ("", {}, 403),
    ],
    ids=["stranger", "wrong token", "token", "through a proxy", "loopback", "socket"],
)
def test_metrics_access(
    db: None,
    client: Client,
    settings: Settings,
    address: str,
    headers: dict[str, str],
    status: int,
) -> None:
    settings.METRICS_TOKEN = "t0ken"
    answer = client.get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert answer.status_code == status


def test_metrics_without_a_token_set(
    db: None, client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = ""
    answer = client.get(
        "/metrics", REMOTE_ADDR="10.0.0.9", headers={"Authorization": "Bearer "}
    )
    assert answer.status_code == 403
