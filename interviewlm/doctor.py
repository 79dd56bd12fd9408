"""What `doctor` asks beyond /readyz: what is set, and how this machine is."""

import shutil
import smtplib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection

from assistant.model_checks import check_keys, check_models, models_in_use
from base.readiness import Finding, Result, run_check, run_checks
from billing.price_checks import check_prices
from interviewlm import checks
from interviewlm.store_trial import check_store
from interviews.runner_client import LanguageStatus, RunnerUnavailable

MIB = 1024 * 1024
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
SHORTEST_KEY = 50
CLOCK_SECONDS = 2.0


def examine() -> list[Result]:
    """Run every check of /readyz, then those that only an operator needs."""
    checks.register_all()
    own = [run_check(name, check, critical=False) for name, check in own_checks()]
    return [*run_checks(), *own]


def own_checks() -> Iterator[tuple[str, Callable[[], Finding]]]:
    """Yield the checks that are too slow or too particular for /readyz."""
    yield "secret key", check_secret_key
    yield "https", check_https
    yield "mail", check_mail
    yield "static files", check_static_files
    yield "disk", check_disk
    yield "media store", check_store
    yield "time", check_time
    yield "models", check_models
    yield "model keys", check_keys
    yield "prices", check_model_prices
    yield "languages", check_languages


def check_secret_key() -> Finding:
    """See that the key is long enough to resist guessing."""
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        return Finding(
            "warning" if settings.IS_DEVELOPMENT else "failed",
            f"SECRET_KEY is shorter than {SHORTEST_KEY} characters.",
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(64))'",
        )
    return Finding()


def check_https() -> Finding:
    """Browsers give camera and microphone only to HTTPS and to this very machine."""
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme == "https":
        return Finding(message=settings.PUBLIC_URL)
    if address.hostname in LOOPBACK_NAMES:
        return Finding(
            "warning" if settings.IS_DEVELOPMENT else "failed",
            "PUBLIC_URL is HTTP: interviews work from this machine only.",
            "Set PUBLIC_URL to the HTTPS address candidates use.",
        )
    return Finding(
        "failed",
        "PUBLIC_URL is HTTP: no browser will give camera or microphone.",
        "Put a proxy with a certificate in front; set PUBLIC_URL to its address.",
    )


def check_mail() -> Finding:
    """Open a connection to the mail server; send nothing."""
    kind = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if kind != "smtp":
        return Finding(
            "warning",
            f"Mail is not sent: it goes to {kind}.",
            "Set EMAIL_BACKEND and EMAIL_HOST.",
        )
    mailer = get_connection()
    try:
        mailer.open()
    except (OSError, smtplib.SMTPException):
        return Finding(
            "failed",
            f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} "
            "does not take us.",
            "Check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and the password.",
        )
    mailer.close()
    return Finding(message=settings.EMAIL_HOST)


def check_static_files() -> Finding:
    """See that the hashed files were collected."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.is_file():
        return Finding()
    return Finding(
        "failed",
        "The static files were not collected.",
        "Run: python manage.py collectstatic --noinput",
    )


def check_disk() -> Finding:
    """See that there is room for recordings, or for the files on their way to S3."""
    folder = Path(settings.VAR_DIR)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // MIB
    if free < 512:
        return Finding(
            "failed", f"Only {free} MiB are free.", "Make room where VAR_DIR is."
        )
    if free < 5 * 1024:
        return Finding(
            "warning",
            f"{free} MiB are free; an hour of recording takes about 1,000.",
            "Make room where VAR_DIR is.",
        )
    return Finding(message=f"{free // 1024} GiB free")


def check_time() -> Finding:
    """Compare this machine's clock with the database's, which stamps nothing itself."""
    if connection.vendor != "postgresql":
        return Finding(message="one machine, one clock")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs: datetime = cursor.fetchone()[0]
    except DatabaseError:
        return Finding(
            "failed", "The database's clock cannot be read.", "See “database”."
        )
    difference = abs((datetime.now(UTC) - theirs).total_seconds())
    if difference > CLOCK_SECONDS:
        return Finding(
            "warning",
            f"This machine and the database differ by {difference:.1f} s.",
            "Keep both in time with NTP.",
        )
    return Finding()


def check_model_prices() -> Finding:
    """See that the models in use have prices; unknown ones slip past nobody."""
    return check_prices(("anthropic", model) for model in models_in_use())


def check_languages() -> Finding:
    """List what candidates can write in; the runner tried each in its sandbox."""
    try:
        languages = async_to_sync(checks.ask_runner)().languages
    except (RunnerUnavailable, TimeoutError):
        languages = ()
    if not languages:
        return Finding("warning", "No language can be run.", "See “runner”.")
    found = [each for each in languages if each.version]
    missing = [each for each in languages if not each.version]
    listed = " · ".join(map(_describe_language, found))
    if not missing:
        return Finding(message=listed)
    return Finding(
        "warning",
        f"{listed}; missing: {', '.join(each.label for each in missing)}.",
        " ".join(f"{each.label} needs {each.needs}." for each in missing),
    )


def _describe_language(language: LanguageStatus) -> str:
    """Label and version, and what finds the mistakes that the editor marks."""
    marks = f" ({language.linter})" if language.linter else ""
    return f"{language.label} {language.version}{marks}"
