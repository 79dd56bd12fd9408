"""Failures on request: from a header, the query, the text, or a queue."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Mapping
from email.utils import formatdate
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.simulator.errors import ApiError

HEADER = "x-simulate-fault"
FaultName = Literal[
    "ok",
    "400",
    "401",
    "402",
    "403",
    "404",
    "413",
    "429",
    "500",
    "529",
    "slow",
    "stall",
    "drop",
    "overloaded",
    "no_stop",
    "refusal",
    "empty",
    "max_tokens",
    "pause_turn",
    "scarce",
    "unknown",
    "split",
    "obey",
    "tool_cut",
    "tool_max_tokens",
    "tool_unknown",
    "tool_wrong",
    "plain_tools",
    "too_long",
]
WaitForm = Literal["seconds", "milliseconds", "date", "none"]
MESSAGES = {
    400: "Simulated invalid request",
    401: "invalid x-api-key",
    402: "Your credit balance is too low to access the API",
    403: "Your API key does not have permission to use the specified resource",
    404: "Simulated not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit",
    500: "Internal server error",
    529: "Overloaded",
}
TOO_LONG = "prompt is too long: 1000001 tokens > 1000000 maximum"
MAX_QUEUE = 1000
_MARKER = re.compile(r"\[\[\s*simulate:([^\[\]\n]{1,100})\]\]")


class Fault(BaseModel):
    """One failure; `after` counts text deltas sent before it strikes.

    “scarce” is none: the answer says that of the requests a minute `left` are left,
    for so many seconds. “plain_tools” is a gateway that refuses tools with more than
    name, description and schema. “too_long” is a request beyond the model's window.
    """

    model_config = ConfigDict(extra="forbid")

    fault: FaultName
    retry_after: Annotated[float, Field(ge=0, le=3600)] = 1.0
    form: WaitForm = "seconds"
    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    after: Annotated[int, Field(ge=0)] = 3
    left: Annotated[int, Field(ge=0)] = 0
    once: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return _spelled(value) if isinstance(value, str | int) else value

    @property
    def status(self) -> int | None:
        return int(self.fault) if self.fault.isdecimal() else None

    def raise_status(self) -> None:
        """Answer with the status, where the fault is one."""
        if self.fault == "too_long":
            raise ApiError(400, TOO_LONG)
        if self.status is None:
            return
        headers = {}
        if self.status == 429:
            headers = {
                **self._wait_header(),
                "anthropic-ratelimit-requests-remaining": "0",
            }
        raise ApiError(self.status, MESSAGES[self.status], headers=headers)

    def limit_headers(self) -> dict[str, str]:
        """Say what is left of the limit, where that is what was asked for."""
        if self.fault != "scarce":
            return {}
        until = time.time() + (60 if self.seconds is None else self.seconds)
        return {
            "anthropic-ratelimit-requests-remaining": str(self.left),
            "anthropic-ratelimit-requests-reset": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(until)
            ),
        }

    def _wait_header(self) -> dict[str, str]:
        """Name the wait in the form that was asked for."""
        if self.form == "seconds":
            return {"retry-after": f"{self.retry_after:g}"}
        if self.form == "milliseconds":
            return {"retry-after-ms": f"{self.retry_after * 1000:.0f}"}
        if self.form == "date":
            until = time.time() + self.retry_after
            return {"retry-after": formatdate(until, usegmt=True)}
        return {}


class FaultOrder(BaseModel):
    """The body of the control endpoint."""

    model_config = ConfigDict(extra="forbid")

    next: Annotated[list[Fault], Field(max_length=MAX_QUEUE)] = []
    clear: bool = False


class FaultQueue:
    def __init__(self) -> None:
        self._queue: deque[Fault] = deque(maxlen=MAX_QUEUE)

    def order(self, order: FaultOrder) -> None:
        if order.clear:
            self.clear()
        self._queue.extend(order.next)

    def clear(self) -> None:
        self._queue.clear()

    def pending(self) -> list[dict[str, Any]]:
        return [fault.model_dump() for fault in self._queue]

    def take(
        self, headers: Mapping[str, str], query: Mapping[str, str], message: str
    ) -> Fault | None:
        """What goes wrong with this request; `ok` in the queue lets one pass."""
        marker = _MARKER.search(message)
        asked = headers.get(HEADER) or query.get(HEADER) or (marker and marker[1])
        if asked:
            fault = parse_fault(asked)
        elif self._queue:
            fault = self._queue.popleft()
        else:
            return None
        retried = headers.get("x-stainless-retry-count", "0") != "0"
        return None if fault.fault == "ok" or (fault.once and retried) else fault


def parse_fault(text: str) -> Fault:
    """`name`, or `name key=value …`; a wrong spelling is refused, not ignored."""
    try:
        return Fault.model_validate(text)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise ApiError(400, f"{HEADER}: {reason}") from None


def _spelled(value: str | int) -> dict[str, object]:
    name, *options = str(value).replace(",", " ").split() or [""]
    spelled: dict[str, object] = {"fault": name}
    for option in options:
        key, _, setting = option.partition("=")
        spelled[key] = setting or True
    return spelled
