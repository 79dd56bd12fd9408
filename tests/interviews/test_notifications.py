"""Telling open pages of what is stored; nothing depends on it."""

from collections.abc import Mapping
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from interviews.notifications import tell_group


class RedisAway(InMemoryChannelLayer):
    """A layer without its Redis."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        """Fail."""
        raise RedisConnectionError


class NetworkAway(InMemoryChannelLayer):
    """A layer whose machine is not reached."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        """Fail."""
        raise OSError("no route to host")


@pytest.mark.parametrize(
    ("layer", "is_told"),
    [("InMemoryChannelLayer", True), ("RedisAway", False), ("NetworkAway", False)],
)
async def test_group_that_can_not_be_told_is_said_and_breaks_nothing(
    settings: Settings, layer: str, is_told: bool
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.{layer}"}}
    assert await tell_group("interview.1", {"type": "clock.changed"}) is is_told
