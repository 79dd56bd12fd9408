"""Typed shapes of what a client may send to the Messages endpoints."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Role = Literal["user", "assistant", "system"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CacheControl(Strict):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class Block(BaseModel):
    """A content block; only the fields the simulator reads are typed."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, StringConstraints(min_length=1)]
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    id: str | None = None
    name: str | None = None
    input: dict[str, Any] | None = None
    tool_use_id: str | None = None
    is_error: bool | None = None
    content: str | list[Block] | None = None
    citations: Any = None
    cache_control: CacheControl | None = None

    def as_text(self) -> str:
        """What a reader of this block would see, for prompts and results."""
        if self.type == "text":
            return self.text or ""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.as_text() for part in self.content or [])

    def canonical(self) -> str:
        """A stable spelling without cache marks, for hashing and counting."""
        data = self.model_dump(exclude_none=True, exclude={"cache_control"})
        return json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)


class Message(Strict):
    role: Role
    content: str | list[Block]

    @property
    def blocks(self) -> list[Block]:
        if isinstance(self.content, str):
            return [Block(type="text", text=self.content)]
        return self.content

    @property
    def text(self) -> str:
        return "\n".join(b.as_text() for b in self.blocks if b.type == "text")

    def of_type(self, kind: str) -> list[Block]:
        return [block for block in self.blocks if block.type == kind]


class Tool(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None

    @property
    def is_custom(self) -> bool:
        return self.type in {None, "custom"}

    def canonical(self) -> str:
        data = self.model_dump(exclude_none=True, exclude={"cache_control"})
        return json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)


class ToolChoice(Strict):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Strict):
    type: Literal["adaptive", "between_tools", "disabled", "enabled"]
    budget_tokens: int | None = None
    display: Literal["summarized", "omitted"] | None = None


class JsonFormat(Strict):
    type: Literal["json_schema"]
    schema_: dict[str, Any] = Field(alias="schema")


class OutputConfig(Strict):
    effort: Effort | None = None
    format: JsonFormat | None = None


class Metadata(Strict):
    user_id: Annotated[str, StringConstraints(max_length=256)] | None = None


class Diagnostics(Strict):
    previous_message_id: str | None = None


class CountTokensRequest(Strict):
    """The part of a request that makes up the prompt."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=100_000)]
    system: str | list[Block] | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    speed: Literal["standard", "fast"] | None = None

    @property
    def system_blocks(self) -> list[Block]:
        if isinstance(self.system, str):
            return [Block(type="text", text=self.system)]
        return self.system or []

    @property
    def system_text(self) -> str:
        inline = [m.text for m in self.messages if m.role == "system"]
        return "\n".join([b.as_text() for b in self.system_blocks] + inline)

    @property
    def output_schema(self) -> dict[str, Any] | None:
        config = self.output_config
        return config.format.schema_ if config and config.format else None


class MessagesRequest(CountTokensRequest):
    max_tokens: Annotated[int, Field(ge=0)]
    stream: bool = False
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    container: Any = None
    diagnostics: Diagnostics | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None
