"""The models the simulator knows, and what each refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Lifecycle = Literal["active", "deprecated", "retired"]
_YES = {"supported": True}
_NO = {"supported": False}
ADAPTIVE_ONLY = frozenset({"adaptive"})


@dataclass(frozen=True)
class Model:
    id: str
    display_name: str
    created_at: str
    line: str
    thinking: frozenset[str] = ADAPTIVE_ONLY
    forced_tools: bool = False
    prefill: bool = False
    older: bool = False
    min_cacheable: int = 512
    max_input_tokens: int = 1_000_000
    max_tokens: int = 128_000
    lifecycle: Lifecycle = "active"
    deprecated_at: str | None = None
    retires_at: str | None = None
    effort_levels: frozenset[str] = field(
        default=frozenset({"low", "medium", "high", "xhigh", "max"})
    )

    @property
    def thinks_by_default(self) -> bool:
        return "adaptive" in self.thinking

    def describe(self) -> dict[str, object]:
        return {
            "type": "model",
            "id": self.id,
            "display_name": f"{self.display_name} (simulated)",
            "created_at": self.created_at,
            "lifecycle": self.lifecycle,
            "deprecated_at": self.deprecated_at,
            "retires_at": self.retires_at,
            "line": self.line,
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
            "capabilities": self._capabilities(),
        }

    def _capabilities(self) -> dict[str, object]:
        levels = ("low", "medium", "high", "xhigh", "max")
        kinds = ("adaptive", "between_tools", "disabled", "enabled")
        return {
            "batch": dict(_NO),
            "citations": dict(_NO),
            "code_execution": dict(_NO),
            "context_management": {"supported": False},
            "effort": {
                "supported": bool(self.effort_levels),
                **{
                    level: {"supported": level in self.effort_levels}
                    for level in levels
                },
            },
            "image_input": dict(_YES),
            "pdf_input": dict(_NO),
            "server_tools": {
                "supported": False,
                "code_execution": dict(_NO),
                "web_search": dict(_NO),
            },
            "structured_outputs": dict(_YES),
            "thinking": {
                "supported": True,
                "types": {kind: {"supported": kind in self.thinking} for kind in kinds},
            },
        }


_ALL = (
    Model("claude-fable-5-2", "Claude Fable 5.2", "2026-11-09T00:00:00Z", "fable"),
    Model(
        "claude-haiku-5-5",
        "Claude Haiku 5.5",
        "2026-10-07T00:00:00Z",
        "haiku",
        thinking=frozenset({"adaptive", "disabled"}),
        forced_tools=True,
    ),
    Model(
        "claude-sonnet-5-5",
        "Claude Sonnet 5.5",
        "2026-09-28T00:00:00Z",
        "sonnet",
        thinking=frozenset({"adaptive", "between_tools"}),
    ),
    Model("claude-opus-5-5", "Claude Opus 5.5", "2026-09-22T00:00:00Z", "opus"),
    Model("claude-fable-5-1", "Claude Fable 5.1", "2026-09-01T00:00:00Z", "fable"),
    Model(
        "claude-opus-5",
        "Claude Opus 5",
        "2026-07-24T00:00:00Z",
        "opus",
        thinking=frozenset({"adaptive", "disabled"}),
        forced_tools=True,
    ),
    Model(
        "claude-sonnet-5",
        "Claude Sonnet 5",
        "2026-06-30T00:00:00Z",
        "sonnet",
        thinking=frozenset({"adaptive", "disabled"}),
        forced_tools=True,
        min_cacheable=1024,
    ),
    Model(
        "claude-haiku-4-5",
        "Claude Haiku 4.5",
        "2025-10-15T00:00:00Z",
        "haiku",
        thinking=frozenset({"enabled", "disabled"}),
        forced_tools=True,
        prefill=True,
        older=True,
        min_cacheable=4096,
        max_input_tokens=200_000,
        max_tokens=64_000,
        effort_levels=frozenset(),
    ),
    Model(
        "claude-sonnet-4-5",
        "Claude Sonnet 4.5",
        "2025-09-29T00:00:00Z",
        "sonnet",
        thinking=frozenset({"enabled", "disabled"}),
        forced_tools=True,
        prefill=True,
        older=True,
        min_cacheable=1024,
        max_input_tokens=200_000,
        max_tokens=64_000,
        lifecycle="deprecated",
        deprecated_at="2026-09-29T00:00:00Z",
        retires_at="2026-11-30T00:00:00Z",
        effort_levels=frozenset(),
    ),
)
MODELS: dict[str, Model] = {model.id: model for model in _ALL}
