"""What every test may ask for."""

from collections.abc import Iterator

import pytest
import structlog
from django.core.cache import cache

from tests.factories.people import People, make_people


@pytest.fixture(autouse=True)
def _clean_process_state() -> Iterator[None]:
    """Rate limits live in the cache, ids in context variables: neither may leak."""
    cache.clear()
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def people(db: None) -> People:
    """Two organisations and their people."""
    return make_people()
