"""The readiness checks of the parts every installation has."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from assistant.configuration import read_status
from base.ids import new_token
from base.readiness import Finding, register_check
from interviewlm.celery import app as celery_app
from interviews.runner_client import (
    RunnerClient,
    RunnerUnavailable,
    Status,
    list_runners,
)

_SECONDS = 5.0


def register_all() -> None:
    """Register them, the most fundamental first."""
    register_check("database", check_database)
    register_check("migrations", check_migrations)
    register_check("cache", check_cache)
    register_check("channel layer", check_channel_layer)
    register_check("broker", check_broker)
    register_check("media", check_media)
    register_check("runner", check_runner, critical=False)
    register_check("assistant", check_assistant)


def check_database() -> Finding:
    """Ask the database for one row."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return Finding(
            "failed", "The database does not answer.", "Start it; check DATABASE_URL."
        )
    return Finding(message=connection.vendor)


def check_migrations() -> Finding:
    """Compare the applied migrations with the code's."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return Finding("failed", "The migrations cannot be read.", "See “database”.")
    if plan:
        return Finding(
            "failed",
            f"{len(plan)} migrations are not applied.",
            "Run: python manage.py migrate",
        )
    return Finding()


def check_cache() -> Finding:
    """Write, read and forget one key."""
    key = f"readyz-{new_token()}"
    try:
        cache.set(key, 1, 10)
        is_there = cache.get(key) == 1
        cache.delete(key)
    except (RedisError, OSError):
        is_there = False
    if not is_there:
        return Finding(
            "failed", "The cache does not keep anything.", "Check REDIS_URL."
        )
    return Finding(message="Redis" if settings.REDIS_URL else "memory")


def check_channel_layer() -> Finding:
    """Send one message to ourselves through the layer."""
    try:
        async_to_sync(_send_to_self)()
    except (RedisError, OSError, TimeoutError):
        return Finding(
            "failed", "The channel layer does not deliver.", "Check REDIS_URL."
        )
    return Finding(message="Redis" if settings.REDIS_URL else "memory")


async def _send_to_self() -> None:
    layer: Any = get_channel_layer()
    async with asyncio.timeout(_SECONDS):
        name = await layer.new_channel("readyz")
        await layer.send(name, {"type": "readyz.ping"})
        await layer.receive(name)


def check_broker() -> Finding:
    """Connect to where tasks wait."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        folder = Path(settings.CELERY_BROKER_DIR)
        if folder.is_dir():
            return Finding(message="files")
        return Finding(
            "failed", "The task folder is missing.", "Start the worker once."
        )
    try:
        with celery_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=int(_SECONDS))
    except (OSError, OperationalError):
        return Finding(
            "failed", "The broker does not answer.", "Check CELERY_BROKER_URL."
        )
    return Finding(message=settings.CELERY_BROKER_URL.split(":")[0])


def check_media() -> Finding:
    """See that recordings can be written where they are kept."""
    if settings.MEDIA_S3_BUCKET:
        return Finding(message="S3")
    probe = Path(settings.MEDIA_ROOT) / f".readyz-{new_token()}"
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(
            "failed",
            f"Recordings cannot be written: {error.strerror}.",
            "Let the process write to MEDIA_ROOT.",
        )
    return Finding(message="disk")


def check_runner() -> Finding:
    """Ask every runner whether its sandbox works; without one only running is off."""
    runners = list_runners()
    findings = async_to_sync(_judge_runners)(runners)
    if len(runners) == 1:
        return findings[0]
    worst = next((each for each in findings if each.status != "ok"), findings[0])
    named = zip(runners, findings, strict=True)
    message = " ".join(f"{name}: {each.message or 'ok.'}" for name, each in named)
    return replace(worst, message=message)


async def _judge_runners(addresses: Iterable[str]) -> list[Finding]:
    return await asyncio.gather(*(_judge_runner(address) for address in addresses))


async def _judge_runner(address: str) -> Finding:
    try:
        status = await ask_runner(address)
    except RunnerUnavailable as error:
        if error.code in {"runner_misconfigured", "unauthorized"}:
            mend = "Check RUNNERS, RUNNER_TOKEN and RUNNER_CA_FILE."
            return Finding("warning", str(error.message), mend)
        return _NO_ANSWER
    except TimeoutError:
        return _NO_ANSWER
    if not status.available:
        return Finding(
            "warning",
            f"Running code is off: {status.reason}",
            "Run: python -m runner doctor",
        )
    limited = [part for part, level in status.levels.items() if level != "hard"]
    if limited:
        return Finding(
            "warning",
            f"The sandbox works; not enforced by the system: {', '.join(limited)}.",
            "Run: python -m runner doctor",
        )
    return Finding()


_NO_ANSWER = Finding(
    "warning",
    "Running code is off: the runner does not answer.",
    "Start it: python -m runner serve",
)


async def ask_runner(address: str = "") -> Status:
    """Return what a runner says, the first one unless another is named.

    Raises RunnerUnavailable, TimeoutError.
    """
    async with asyncio.timeout(_SECONDS):
        return await RunnerClient(address or list_runners()[0]).status()


def check_assistant() -> Finding:
    """Say whether the assistant is configured, and whether it is simulated."""
    status = read_status()
    if not status.is_available:
        return Finding(
            "failed",
            status.message,
            "Set ANTHROPIC_API_KEY, or ASSISTANT_PROVIDER=simulator in development.",
        )
    if status.is_simulated:
        return Finding(
            "warning", "Answers and scores are simulated.", "Set ANTHROPIC_API_KEY."
        )
    return Finding(message=status.message)
