"""One shared client per event loop, address and key: their pools keep connections warm."""

import asyncio
from weakref import WeakKeyDictionary

import httpx2
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from django.conf import settings

from assistant.configuration import Configuration
from assistant.providers.transport import AiohttpTransport

_clients: WeakKeyDictionary[
    asyncio.AbstractEventLoop, dict[tuple[str, str], AsyncAnthropic]
] = WeakKeyDictionary()


def client_for(configuration: Configuration) -> AsyncAnthropic:
    """Return the shared client of the running loop.

    A client is bound to the loop that first used it, so there is one for each. The
    SDK's own retries are off: it honours any `retry-after`, however long, and a
    candidate is waiting.
    """
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    address = (configuration.base_url, configuration.api_key)
    if address not in clients:
        clients[address] = make_client(configuration, stream_timeout())
    return clients[address]


async def close_clients() -> None:
    """Close the clients of the running loop, which is about to end."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.close()


def make_client(
    configuration: Configuration, timeout: httpx2.Timeout
) -> AsyncAnthropic:
    """Return a client of one's own, to be closed."""
    return AsyncAnthropic(
        api_key=configuration.api_key,
        base_url=configuration.base_url,
        timeout=timeout,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(
            transport=AiohttpTransport(), timeout=timeout
        ),
    )


def stream_timeout() -> httpx2.Timeout:
    """Return the transport's timeouts of a stream; reads are watched by its reader."""
    connect = settings.MODEL_CALLS["connect_seconds"]
    return httpx2.Timeout(None, connect=connect, pool=connect, write=30.0)
