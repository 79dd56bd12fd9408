"""What the back office's tests share."""

from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from interviews.admin.rows import Row
from tests.factories.people import People


@pytest.fixture
def recruiter(people: People, client: Client) -> Client:
    """A browser signed in as the recruiter."""
    client.force_login(people.recruiter)
    return client


def rows(name: str, values: list[Row]) -> dict[str, list[Any]]:
    """Return rows as a browser sends them."""
    keys = values[0] if values else {}
    return {f"{name}-{key}": [row[key] for row in values] for key in keys}


def change_url(obj: Model) -> str:
    """Return the address of an object's page."""
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return reverse(name, args=[obj.pk])
