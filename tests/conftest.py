"""What every test may ask for."""

from collections.abc import Iterator

import pytest
import structlog
from django.core.cache import cache
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import DjangoDbBlocker

from recordings.services.egress import METER
from tests.factories.people import People, make_people
from tests.idle import wait_for_threads


@pytest.fixture(autouse=True)
def _clean_process_state() -> Iterator[None]:
    """Rate limits live in the cache, ids in context variables, sent bytes in a meter.

    None of it may leak into the next test.
    """
    cache.clear()
    structlog.contextvars.clear_contextvars()
    yield
    # The test's event loop is closed by now, its database not yet emptied.
    wait_for_threads()
    structlog.contextvars.clear_contextvars()
    METER.take()


@pytest.fixture(scope="session", autouse=True)
def _no_permission_rows(django_db_setup: None) -> None:
    """Nobody reads Django's own permissions; each emptied database would get them anew."""
    uid = "django.contrib.auth.management.create_permissions"
    assert post_migrate.disconnect(dispatch_uid=uid)


@pytest.fixture(scope="session", autouse=True)
def _others_let_go(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Before the test database is dropped, end the sessions of threads that idle."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture
def people(db: None) -> People:
    """Two organisations and their people."""
    return make_people()
