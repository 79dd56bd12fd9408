"""`doctor` names what fails and the mend, for people and for programs."""

import io
import json
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from pytest_django import Settings

from base.readiness import Finding, Result
from interviewlm import doctor
from interviewlm.management.commands import doctor as command
from runner.protocol import LanguageStatus
from tests.fakes.runner import open_fake_runner

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Greeting(socketserver.StreamRequestHandler):
    """As much of a mail server as a greeting takes."""

    def handle(self) -> None:
        self.wfile.write(b"220 mail.test ESMTP\r\n")
        for line in self.rfile:
            self.wfile.write(b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                return


@pytest.fixture
def mail_server() -> Iterator[int]:
    """Return the port of a mail server that greets."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.django_db
def test_doctor_as_json_lists_every_check_once() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("doctor", "--json", stdout=out)
    body = json.loads(out.getvalue())
    names = [check["name"] for check in body["checks"]]
    assert raised.value.returncode == 1
    assert len(names) == len(set(names))
    assert {"database", "runner", "assistant", "mail", "https", "time"} <= set(names)


@pytest.mark.django_db
def test_doctor_in_words_gives_the_mend_on_the_line() -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="Something failed"):
        call_command("doctor", stdout=out)
    line = next(line for line in out.getvalue().splitlines() if "static files" in line)
    assert line.startswith("failed")
    assert "collectstatic" in line


def test_doctor_without_failures_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    results = [
        Result("database", "ok", "sqlite", "", critical=True, milliseconds=1),
        Result(
            "mail", "warning", "Not sent.", "Set it.", critical=False, milliseconds=1
        ),
    ]
    monkeypatch.setattr(command, "examine", lambda: results)
    call_command("doctor", stdout=out)
    assert out.getvalue().splitlines() == [
        "ok       database       sqlite",
        "warning  mail           Not sent. Set it.",
    ]


@pytest.mark.django_db
def test_doctor_check_that_breaks_hides_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode() -> Finding:
        raise RuntimeError("secret")

    checks = [("mail", explode), ("time", Finding)]
    monkeypatch.setattr(doctor, "own_checks", lambda: iter(checks))
    broken, fine = doctor.examine()[-2:]
    assert (broken.name, broken.status) == ("mail", "failed")
    assert (fine.name, fine.status) == ("time", "ok")


def test_secret_key_too_short_fails_in_production(settings: Settings) -> None:
    settings.IS_DEVELOPMENT = False
    settings.SECRET_KEY = "short"
    assert doctor.check_secret_key().status == "failed"
    settings.SECRET_KEY = "x" * 50
    assert doctor.check_secret_key() == Finding()


@pytest.mark.parametrize(
    ("address", "is_development", "status"),
    [
        ("https://interviews.example.org", False, "ok"),
        ("http://127.0.0.1:8000", True, "warning"),
        ("http://127.0.0.1:8000", False, "failed"),
        ("http://interviews.example.org", True, "failed"),
    ],
)
def test_https_is_needed_beyond_this_machine(
    address: str, is_development: bool, status: str, settings: Settings
) -> None:
    settings.PUBLIC_URL = address
    settings.IS_DEVELOPMENT = is_development
    assert doctor.check_https().status == status


def test_mail_server_that_answers_is_ok(mail_server: int, settings: Settings) -> None:
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server
    assert doctor.check_mail() == Finding(message="127.0.0.1")


def test_mail_server_that_is_off_fails(settings: Settings) -> None:
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert doctor.check_mail().status == "failed"


def test_mail_to_files_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    found = doctor.check_mail()
    assert (found.status, found.message) == (
        "warning",
        "Mail is not sent: it goes to filebased.",
    )


def test_static_files_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    assert doctor.check_static_files().status == "failed"
    (tmp_path / "staticfiles.json").write_text("{}")
    assert doctor.check_static_files().status == "ok"


@pytest.mark.parametrize(
    ("free_mib", "status"), [(100, "failed"), (2000, "warning"), (50_000, "ok")]
)
def test_disk_is_judged_by_room_for_recordings(
    free_mib: int,
    status: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.VAR_DIR = tmp_path / "not" / "there" / "yet"
    usage = shutil.disk_usage(tmp_path)._replace(free=free_mib * doctor.MIB)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert doctor.check_disk().status == status


@pytest.mark.django_db
def test_time_agrees_with_the_database() -> None:
    assert doctor.check_time().status == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ANTHROPIC_MODEL", "ANTHROPIC_SCORE_MODEL"])
def test_prices_of_both_models_are_looked_for(name: str, settings: Settings) -> None:
    assert doctor.check_model_prices().status != "failed"
    setattr(settings, name, "claude-unheard-of")
    found = doctor.check_model_prices()
    assert found.status == "failed"
    assert "claude-unheard-of" in found.message


BASH = LanguageStatus("bash", "Bash", "5.2", "bash under /usr")


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ((BASH,), Finding(message="Bash 5.2")),
        (
            (LanguageStatus("python", "Python", "3.11", "python3", "ruff 0.17"),),
            Finding(message="Python 3.11 (ruff 0.17)"),
        ),
        (
            (BASH, LanguageStatus("sql", "SQL", "", "its sqlite3 module")),
            Finding(
                "warning",
                "Bash 5.2; missing: SQL.",
                "SQL needs its sqlite3 module.",
            ),
        ),
        ((), Finding("warning", "No language can be run.", "See “runner”.")),
    ],
    ids=["all", "with a linter", "one missing", "no sandbox"],
)
async def test_languages_of_this_machine_are_listed(
    languages: tuple[LanguageStatus, ...], expected: Finding, settings: Settings
) -> None:
    async with open_fake_runner() as runner:
        runner.languages = languages
        settings.RUNNER_SOCKET = str(runner.path)
        assert await sync_to_async(doctor.check_languages)() == expected
