"""Decides when a tool is called, with which input, and reads what came back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from assistant.simulator.answers import target_function
from assistant.simulator.code import draft, functions_in
from assistant.simulator.context import PromptContext
from assistant.simulator.schemas import Root
from assistant.simulator.structured import UNKNOWN, Spot, build
from assistant.simulator.wire import MessagesRequest, Tool

_ASKS: dict[str, re.Pattern[str]] = {
    "run_tests": re.compile(r"\b(?:re-?)?(?:run|execute)\b.{0,40}\btests?\b", re.I),
    "read_file": re.compile(
        r"\b(?:read|open|look at|show me)\b.{0,60}(?:\bfile\b|\b[\w/-]+\.\w{1,4}\b)",
        re.I,
    ),
    "list_files": re.compile(r"\blist\b.{0,40}\bfiles\b", re.I),
    "propose_edit": re.compile(
        r"\b(?:propose|suggest|make)\b.{0,30}\b(?:edit|change)s?\b|\bedit the file\b",
        re.I,
    ),
}
_PATH = re.compile(r"[\w./-]+\.\w{1,4}\b")


@dataclass(frozen=True)
class ToolCall:
    name: str
    input: dict[str, Any]


@dataclass(frozen=True)
class ToolResult:
    name: str
    text: str
    is_error: bool


def choose_tool(request: MessagesRequest, context: PromptContext) -> ToolCall | None:
    """The call that suits the last message, if any; one per answer."""
    choice = request.tool_choice
    tools = [tool for tool in request.tools or [] if tool.is_custom]
    if choice is not None and choice.type == "none":
        return None
    if choice is not None and choice.type == "tool":
        tools = [tool for tool in tools if tool.name == choice.name]
    suited = [tool for tool in tools if _suits(tool.name, context.message)]
    if not suited and choice is not None and choice.type in {"any", "tool"}:
        suited = tools
    if not suited:
        return None
    return ToolCall(suited[0].name, tool_input(suited[0], context))


def tool_input(tool: Tool, context: PromptContext) -> dict[str, Any]:
    built = build(tool.input_schema or {"type": "object"}, _Arguments(context))
    return built if isinstance(built, dict) else {}


def newest_results(request: MessagesRequest) -> list[ToolResult]:
    """Results in the last user message, named by the calls they answer."""
    spoken = [message for message in request.messages if message.role != "system"]
    names = {
        block.id: block.name or "tool"
        for message in spoken
        for block in message.of_type("tool_use")
    }
    return [
        ToolResult(
            name=names.get(block.tool_use_id, "tool"),
            text=block.as_text(),
            is_error=bool(block.is_error),
        )
        for block in spoken[-1].of_type("tool_result")
    ]


def _suits(name: str, message: str) -> bool:
    pattern = _ASKS.get(name)
    return bool(pattern.search(message)) if pattern else False


class _Arguments:
    """Knows the usual argument names of workspace tools."""

    def __init__(self, context: PromptContext) -> None:
        self._context = context

    def value(self, spot: Spot, root: Root) -> object:
        del root
        known: dict[str, object] = {
            **dict.fromkeys(("path", "file", "file_path"), self._path()),
            **dict.fromkeys(("old_text", "old_str", "old", "find"), self._old()),
            **dict.fromkeys(("new_text", "new_str", "new", "replace"), self._new()),
            **dict.fromkeys(("content", "text"), self._content()),
            **dict.fromkeys(("version", "base_version"), self._version()),
            **dict.fromkeys(
                ("reason", "explanation", "summary", "description"),
                "Simulated: the hints so far, written into the function as comments.",
            ),
        }
        if spot.name == "command" and self._context.tests:
            return self._context.tests.command or UNKNOWN
        return known.get(spot.name, UNKNOWN)

    def length(self, spot: Spot, root: Root) -> int | None:
        del spot, root
        return None

    def _path(self) -> object:
        """The path the message names, completed from the known files."""
        paths = [source.path for source in self._context.files]
        for named in _PATH.findall(self._context.message):
            full = [
                path for path in paths if path == named or path.endswith(f"/{named}")
            ]
            return full[0] if full else named
        return paths[0] if paths else UNKNOWN

    def _version(self) -> object:
        source = self._context.active_file
        if source is None or not source.version:
            return UNKNOWN
        return int(source.version) if source.version.isdecimal() else source.version

    def _old(self) -> object:
        function = self._function()
        return function[0] if function else UNKNOWN

    def _new(self) -> object:
        function = self._function()
        return function[1] if function else UNKNOWN

    def _content(self) -> object:
        source, function = self._context.active_file, self._function()
        if source is None or function is None:
            return UNKNOWN
        return source.text.replace(function[0], function[1], 1)

    def _function(self) -> tuple[str, str] | None:
        """The head line of the function to change, and what replaces it."""
        source = self._context.active_file
        if source is None or not functions_in(source.path, source.text):
            return None
        function = target_function(source, None)
        if function is None:
            return None
        head = function.indent + function.signature
        notes = list(self._context.hints[: self._context.turn]) or ["smallest case"]
        sketch = draft(function, source.path, notes)
        if not sketch.startswith(head):
            return head, f"{head}\n{sketch}"
        body = function.body.strip("\n")
        return (f"{head}\n{body}" if body else head), sketch
