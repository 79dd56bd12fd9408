"""Turns a valid request into a finished reply: blocks, stop reason, tokens."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.simulator.answers import (
    compose_answer,
    compose_hint,
    compose_tool_answer,
    tool_error_answer,
)
from assistant.simulator.catalogue import MODELS
from assistant.simulator.context import PromptContext, read_context
from assistant.simulator.evidence import read_evidence, rubric_keys
from assistant.simulator.scoring import ScoreRecogniser
from assistant.simulator.signatures import sign_thinking
from assistant.simulator.structured import Generic, build
from assistant.simulator.tools import (
    ToolCall,
    choose_tool,
    newest_results,
    obey,
)
from assistant.simulator.usage import CHARS_PER_TOKEN, InputUsage, estimate_tokens
from assistant.simulator.wire import MessagesRequest

THOUGHT = "Simulated thinking: read the prompt, the files and the last test run."
THINKING_TOKENS = 24
REFUSAL = {
    "type": "refusal",
    "category": "general_harms",
    "explanation": "Simulated refusal.",
}


@dataclass(frozen=True)
class Reply:
    """All of an answer, before it is sent whole or in pieces."""

    model: str
    usage: InputUsage
    thinking: dict[str, str] | None
    thinking_tokens: int
    text: str
    stop_reason: str
    tool: dict[str, Any] | None = None
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    truncated_tool: str | None = None
    id: str = field(default_factory=lambda: f"msg_sim_{uuid.uuid4().hex[:24]}")

    @property
    def tool_json(self) -> str:
        if self.truncated_tool is not None:
            return self.truncated_tool
        return json.dumps(self.tool["input"]) if self.tool else ""

    @property
    def output_tokens(self) -> int:
        visible = estimate_tokens(self.text) + estimate_tokens(self.tool_json)
        return self.thinking_tokens + visible

    @property
    def blocks(self) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = [self.thinking] if self.thinking else []
        if self.text:
            blocks.append({"type": "text", "text": self.text, "citations": None})
        if self.tool:
            blocks.append(self.tool)
        return blocks

    def output_usage(self) -> dict[str, Any]:
        details = {"thinking_tokens": self.thinking_tokens}
        return {
            **self.usage.as_dict(),
            "output_tokens": self.output_tokens,
            "output_tokens_details": details,
        }

    def as_message(self) -> dict[str, Any]:
        return {
            **self.start(),
            "content": self.blocks,
            "stop_reason": self.stop_reason,
            "stop_sequence": self.stop_sequence,
            "stop_details": self.stop_details,
            "usage": {**self._static_usage(), **self.output_usage()},
        }

    def start(self) -> dict[str, Any]:
        """The message as it stands before its first token."""
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "container": None,
            "diagnostics": None,
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                **self._static_usage(),
                **self.usage.as_dict(),
                "output_tokens": min(1, self.output_tokens),
            },
        }

    def emptied(self) -> Reply:
        return replace(
            self, thinking=None, thinking_tokens=0, text="", tool=None,
            stop_reason="end_turn", stop_sequence=None,
        )  # fmt: skip

    def refused(self, kept: int) -> Reply:
        """Cut after so many pieces of text, as a classifier cuts a turn."""
        return replace(
            self, text="".join(pieces_of(self.text)[:kept]), tool=None,
            stop_reason="refusal", stop_sequence=None, stop_details=REFUSAL,
        )  # fmt: skip

    def misused(self, how: str) -> Reply:
        """Go wrong in a call: cut off, of no tool there is, or with a wrong input."""
        if self.tool is None:
            return self
        if how == "tool_unknown":
            return replace(self, tool={**self.tool, "name": "delete_everything"})
        if how == "tool_wrong":
            return replace(self, tool={**self.tool, "input": {"simulated": True}})
        reason = "max_tokens" if how == "tool_max_tokens" else self.stop_reason
        arguments = self.tool_json
        return replace(
            self, truncated_tool=arguments[: len(arguments) // 2], stop_reason=reason
        )

    def _static_usage(self) -> dict[str, Any]:
        return {
            "cache_creation": self.usage.breakdown(),
            "server_tool_use": None,
            "service_tier": "standard",
            "speed": "standard",
            "inference_geo": None,
        }

    def cut(self, kept: int) -> Reply:
        """Cut after so many pieces of text, as the token limit cuts."""
        return replace(
            self, text="".join(pieces_of(self.text)[:kept]), tool=None,
            stop_reason="max_tokens", stop_sequence=None,
        )  # fmt: skip

    def paused(self, kept: int) -> Reply:
        """Cut inside a tool of the server's own, to be continued by another call."""
        tool = {
            "type": "server_tool_use",
            "id": f"srvtoolu_sim_{uuid.uuid4().hex[:24]}",
            "name": "web_search",
            "input": {"query": "simulated"},
        }
        return replace(
            self, text="".join(pieces_of(self.text)[:kept]), tool=tool,
            stop_reason="pause_turn", stop_sequence=None,
        )  # fmt: skip


def make_reply(
    request: MessagesRequest, usage: InputUsage, *, obeys: bool = False
) -> Reply:
    """The reply to a request; `obeys` does what the newest message orders."""
    context = read_context(request)
    thinking, tokens = _thinking(request)
    call = None if request.output_schema else choose_tool(request, context)
    if obeys:
        call = obey(request) or call
    if call is not None:
        reply = Reply(
            request.model, usage, thinking, tokens, "", "tool_use", _tool_block(call)
        )
    else:
        text = _text(request, context)
        reply = Reply(request.model, usage, thinking, tokens, text, "end_turn")
    return _limited(reply, request)


def pieces_of(text: str) -> list[str]:
    """Word by word with the space after it; long words in parts."""
    pieces: list[str] = []
    start = 0
    for end in range(1, len(text) + 1):
        at_word = (
            end < len(text) and text[end - 1].isspace() and not text[end].isspace()
        )
        if at_word or end == len(text) or end - start >= 4 * CHARS_PER_TOKEN:
            pieces.append(text[start:end])
            start = end
    return pieces


def _text(request: MessagesRequest, context: PromptContext) -> str:
    schema = request.output_schema
    if schema is not None:
        return json.dumps(_structured(request, context, schema))
    results = newest_results(request)
    # What was left to decide and is decided now: the call is no news any more.
    if results and not context.decisions:
        last = results[-1]
        if last.is_error:
            return tool_error_answer(last.name, last.text)
        return compose_tool_answer(context, last.name, last.text)
    if _asks_for_hint(request):
        return compose_hint(context)
    return compose_answer(context)


def _asks_for_hint(request: MessagesRequest) -> bool:
    return "<note>The candidate asks for the next hint.</note>" in (
        request.messages[-1].text
    )


def _structured(
    request: MessagesRequest, context: PromptContext, schema: dict[str, Any]
) -> Any:
    users = "\n".join(m.text for m in request.messages if m.role == "user")
    evidence = read_evidence(request.system_text) or read_evidence(users)
    if evidence is None:
        return build(schema, Generic(context.message))
    keys = rubric_keys(request.system_text) or rubric_keys(users)
    return build(schema, ScoreRecogniser(evidence, keys))


def _tool_block(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "id": f"toolu_sim_{uuid.uuid4().hex[:24]}",
        "name": call.name,
        "input": call.input,
    }


def _thinking(request: MessagesRequest) -> tuple[dict[str, str] | None, int]:
    """The opening thinking block and its tokens, inside the limit of the answer."""
    model, wanted = MODELS[request.model], request.thinking
    is_on = (
        model.thinks_by_default
        if wanted is None
        else wanted.type in {"adaptive", "enabled"}
    )
    tokens = min(THINKING_TOKENS, request.max_tokens // 4)
    if not is_on or not tokens:
        return None, 0
    shown = wanted is not None and (
        wanted.display == "summarized"
        or (wanted.type == "enabled" and not wanted.display)
    )
    text = THOUGHT if shown else ""
    signature = sign_thinking(request, text)
    return {"type": "thinking", "thinking": text, "signature": signature}, tokens


def _limited(reply: Reply, request: MessagesRequest) -> Reply:
    """Apply stop sequences, then the token limit: whichever comes first wins."""
    left = max(0, request.max_tokens - reply.thinking_tokens)
    if reply.tool is not None:
        return _limited_tool(reply, left)
    text = reply.text
    stops = [
        (text.find(stop), stop) for stop in request.stop_sequences or [] if stop in text
    ]
    if stops:
        position, stop = min(stops)
        reply = replace(
            reply, text=text[:position], stop_reason="stop_sequence", stop_sequence=stop
        )
    if estimate_tokens(reply.text) > left:
        reply = replace(
            reply, text=reply.text[: left * CHARS_PER_TOKEN],
            stop_reason="max_tokens", stop_sequence=None,
        )  # fmt: skip
    return reply


def _limited_tool(reply: Reply, left: int) -> Reply:
    """A call cut short has broken JSON in a stream and no input when sent whole."""
    arguments = reply.tool_json
    if reply.tool is None or estimate_tokens(arguments) <= left:
        return reply
    return replace(
        reply, tool={**reply.tool, "input": {}} if left else None,
        truncated_tool=arguments[: left * CHARS_PER_TOKEN], stop_reason="max_tokens",
    )  # fmt: skip
