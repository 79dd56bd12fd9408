"""The chat over HTTP, as a candidate's browser uses it."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient

from interviews.access import grant_candidate
from interviews.models import Interview

Event = tuple[str, dict[str, Any]]
EVENTS = "text/event-stream"
TOKEN = "t" * 32


def chat_url(interview: Interview, rest: str = "") -> str:
    return f"/api/v1/interviews/{interview.pk}/chat{rest}"


def _grant(client: AsyncClient, interview: Interview) -> None:
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    client.cookies.update(response.cookies)


async def make_client(interview: Interview) -> AsyncClient:
    """The candidate's browser, with its cookie and the page's token."""
    client = AsyncClient(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = TOKEN
    await sync_to_async(_grant)(client, interview)
    return client


async def post(
    client: AsyncClient, url: str, body: Mapping[str, Any], accept: str = ""
) -> Any:
    headers = {"X-CSRFToken": TOKEN, **({"Accept": accept} if accept else {})}
    return await client.post(
        url, json.dumps(body), content_type="application/json", headers=headers
    )


async def events_of(response: HttpResponseBase) -> AsyncIterator[Event]:
    """Yield (name, data) as they come; `data` has the event's `id`, if it has one."""
    rest = ""
    async for part in response.streaming_content:  # type: ignore[attr-defined]
        *blocks, rest = (rest + part.decode()).split("\n\n")
        for block in blocks:
            if not block.startswith(":"):
                yield parse_event(block)


def parse_event(block: str) -> Event:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    data = json.loads(fields["data"])
    if "id" in fields:
        data["id"] = fields["id"]
    return fields["event"], data


async def read_all(response: HttpResponseBase) -> list[Event]:
    return [event async for event in events_of(response)]


def text_of(events: list[Event]) -> str:
    return "".join(data["text"] for name, data in events if name == "text")


async def until_text(response: HttpResponseBase) -> dict[str, Any]:
    """Read up to the first piece of the answer, and return it."""
    async for name, data in events_of(response):
        if name == "text":
            return data
    raise AssertionError("no text came")
