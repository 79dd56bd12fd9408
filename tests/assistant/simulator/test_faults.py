"""Each fault, and what the SDK makes of it."""

from __future__ import annotations

import json
import time

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic

from tests.assistant.conftest import Running
from tests.assistant.simulator.prompts import MODEL, ask

STATUSES: list[tuple[str, type[anthropic.APIStatusError]]] = [
    ("400", anthropic.BadRequestError),
    ("401", anthropic.AuthenticationError),
    ("403", anthropic.PermissionDeniedError),
    ("404", anthropic.NotFoundError),
    ("413", anthropic.ContentTooLargeError),
    ("429", anthropic.RateLimitError),
    ("500", anthropic.InternalServerError),
    ("529", anthropic.OverloadedError),
]


async def order(simulator: Running, *faults: object) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.post("/simulator/faults", json={"next": list(faults)})
    assert response.status_code == 200


async def streamed(client: AsyncAnthropic, fault: str) -> anthropic.types.Message:
    async with client.messages.stream(
        model=MODEL,
        max_tokens=500,
        messages=ask("Hi"),
        extra_headers={"x-simulate-fault": fault},
    ) as stream:
        return await stream.get_final_message()


@pytest.mark.parametrize(("fault", "error"), STATUSES, ids=[s for s, _ in STATUSES])
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
async def test_status_becomes_the_sdk_error(
    client: AsyncAnthropic,
    fault: str,
    error: type[anthropic.APIStatusError],
    is_stream: bool,
) -> None:
    with pytest.raises(error) as caught:
        await client.messages.create(
            model=MODEL,
            max_tokens=10,
            messages=ask(f"Hi [[simulate:{fault}]]"),
            stream=is_stream,
        )

    assert caught.value.status_code == int(fault)
    assert caught.value.request_id is not None
    assert caught.value.response.headers["request-id"] == caught.value.request_id


async def test_rate_limit_names_the_wait(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.RateLimitError) as caught:
        await streamed(client, "429 retry_after=7")

    assert caught.value.response.headers["retry-after"] == "7"


async def test_queue_is_consumed_in_order(
    client: AsyncAnthropic, simulator: Running
) -> None:
    await order(simulator, "529", "ok", {"fault": "500"})
    outcomes = []
    for _ in range(4):
        try:
            await client.messages.create(model=MODEL, max_tokens=9, messages=ask("Hi"))
            outcomes.append(200)
        except anthropic.APIStatusError as error:
            outcomes.append(error.status_code)

    assert outcomes == [529, 200, 500, 200]


async def test_sdk_retry_succeeds_and_is_counted(
    client: AsyncAnthropic, simulator: Running
) -> None:
    retrying = client.with_options(max_retries=1)
    await retrying.messages.create(
        model=MODEL,
        max_tokens=9,
        messages=ask("Hi [[simulate:429 retry_after=0 once]]"),
    )

    log = simulator.app.recent_requests()
    assert [(one["retry_count"], one["status"]) for one in log] == [
        ("0", 429),
        ("1", 200),
    ]


async def test_slow_delays_the_first_byte(client: AsyncAnthropic) -> None:
    began = time.monotonic()
    message = await streamed(client, "slow seconds=0.3")

    assert time.monotonic() - began >= 0.3
    assert message.stop_reason == "end_turn"


async def test_stall_runs_into_the_read_timeout(client: AsyncAnthropic) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        await streamed(client.with_options(timeout=0.3), "stall")


async def test_short_stall_goes_on(client: AsyncAnthropic) -> None:
    message = await streamed(client, "stall seconds=0.1")

    assert message.stop_reason == "end_turn"


async def test_drop_cuts_the_connection(client: AsyncAnthropic) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await streamed(client, "drop after=2")


async def test_drop_of_a_whole_answer_is_a_connection_error(
    client: AsyncAnthropic,
) -> None:
    with pytest.raises((anthropic.APIConnectionError, httpx2.RemoteProtocolError)):
        await client.messages.create(
            model=MODEL, max_tokens=9, messages=ask("Hi [[simulate:drop]]")
        )


async def test_overload_mid_stream_is_an_error_with_status_200(
    client: AsyncAnthropic,
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await streamed(client, "overloaded")

    assert caught.value.status_code == 200
    assert caught.value.type == "overloaded_error"


async def test_no_stop_leaves_the_stop_reason_open(client: AsyncAnthropic) -> None:
    message = await streamed(client, "no_stop")

    assert message.stop_reason is None
    assert message.content


async def test_refusal_carries_details(client: AsyncAnthropic) -> None:
    message = await streamed(client, "refusal")

    assert message.stop_reason == "refusal"
    assert message.stop_details is not None
    assert message.stop_details.category == "general_harms"


async def test_empty_answer_has_no_content(client: AsyncAnthropic) -> None:
    message = await streamed(client, "empty")

    assert message.content == []
    assert message.stop_reason == "end_turn"


async def test_misspelt_fault_is_refused(client: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="x-simulate-fault"):
        await streamed(client, "explode")


async def test_misspelt_order_is_refused(simulator: Running) -> None:
    async with httpx2.AsyncClient(base_url=simulator.url) as http:
        response = await http.post("/simulator/faults", content=json.dumps({"x": 1}))

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
