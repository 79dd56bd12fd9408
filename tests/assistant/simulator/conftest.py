"""The real SDK pointed at the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from anthropic import AsyncAnthropic

from tests.assistant.conftest import Running


@pytest.fixture
async def client(simulator: Running) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(
        base_url=simulator.url, api_key="sk-simulated", max_retries=0, timeout=10
    ) as made:
        yield made
