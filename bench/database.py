"""Databases of their own: an embedded one in a temporary folder, a private server."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import dj_database_url
import django
import psycopg
from django.core.management import call_command
from django.db import connections

from interviewlm.cluster import servers


@cache
def set_up() -> None:
    """Prepare Django on a fresh SQLite file; once per process."""
    folder = tempfile.mkdtemp(prefix="interviewlm-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "interviewlm.settings",
        "INTERVIEWLM_ENV": "development",
        "SECRET_KEY": "bench",
        "PUBLIC_URL": "http://127.0.0.1",
        "VAR_DIR": folder,
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "CELERY_BROKER_URL": "memory://",
        "LOG_LEVEL": "ERROR",
    }
    django.setup()
    call_command("migrate", verbosity=0)


@contextmanager
def private_postgres(*options: str) -> Iterator[str]:
    """Let Django's database be a new one on PostgreSQL, migrated; yield its address.

    It is dropped in the end.
    """
    set_up()
    name = f"bench_{secrets.token_hex(4)}"
    with servers.postgres(*servers.FOR_TESTS, *options) as url:
        _administer(url, f"CREATE DATABASE {name}")
        address = f"{url.rsplit('/', 1)[0]}/{name}"
        embedded, config = connections["default"], connections.settings["default"]
        connections.settings["default"] = config | {
            **dj_database_url.parse(address),
            "OPTIONS": {},
        }
        connections["default"] = connections.create_connection("default")
        try:
            call_command("migrate", verbosity=0)
            yield address
        finally:
            connections["default"].close()
            connections["default"] = embedded
            connections.settings["default"] = config
            _administer(url, f"DROP DATABASE {name}")


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(statement.encode())
