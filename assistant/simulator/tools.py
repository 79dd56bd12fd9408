"""Decides when a tool is called, with which input, and reads what came back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from assistant.simulator.answers import target_function
from assistant.simulator.code import draft, functions_in, language_of
from assistant.simulator.context import (
    PromptContext,
    SourceFile,
    is_said,
    names_of_calls,
    printed,
)
from assistant.simulator.schemas import Root
from assistant.simulator.structured import UNKNOWN, Spot, build
from assistant.simulator.wire import Block, Message, MessagesRequest, Tool

_ASKS: dict[str, re.Pattern[str]] = {
    "run_tests": re.compile(r"\b(?:re-?)?(?:run|execute)\b.{0,40}\btests?\b", re.I),
    "read_file": re.compile(
        r"\b(?:read|open|look at|show me)\b.{0,60}(?:\bfile\b|\b[\w/-]+\.\w{1,4}\b)",
        re.I,
    ),
    "list_files": re.compile(r"\blist\b.{0,40}\bfiles\b", re.I),
    "search": re.compile(r"\b(?:search|grep)\b.{0,40}\bfor\b", re.I),
    "ask_candidate": re.compile(r"\bask me\b.{0,40}\bquestion\b", re.I),
    "run_command": re.compile(r"\brun\b[^`\n]{0,30}`[^`\n]+`", re.I),
    "propose_edit": re.compile(
        r"\b(?:propose|suggest|make)\b.{0,30}\b(?:edit|change)s?\b|\bedit the file\b",
        re.I,
    ),
}
_PATH = re.compile(r"[\w./-]+\.\w{1,4}\b")
_QUOTED = re.compile(r"[`“\"]([^`”\"\n]+)[`”\"]")
_ORDERED = re.compile(r"\bcall (\w+) with (\{.*?\})(?=\s*$|\s*\n)", re.M)
_IN_PARTS = re.compile(r"\b(?:two|both|several|parts)\b", re.I)
_OPTIONS = ("Simulated: the smallest case", "Simulated: the case that fails")
NO_MORE = "No more tools may be used"


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
    """The call that suits the last message, if any: one per reply, each tool once."""
    if NO_MORE in request.messages[-1].text:
        return None
    choice = request.tool_choice
    tools = [tool for tool in request.tools or [] if tool.is_custom]
    if choice is not None and choice.type == "none":
        return None
    if choice is not None and choice.type == "tool":
        tools = [tool for tool in tools if tool.name == choice.name]
    made = _made_since(request)
    suited = [
        tool
        for tool in tools
        if _suits(tool.name, context.message) and tool.name not in made
    ]
    if made and not suited:
        return None
    if not suited and choice is not None and choice.type in {"any", "tool"}:
        suited = tools
    if not suited:
        return None
    return ToolCall(suited[0].name, tool_input(suited[0], context))


def _made_since(request: MessagesRequest) -> set[str]:
    """The names of the tools that were called for the last message."""
    made: set[str] = set()
    for message in reversed(request.messages):
        if message.role == "user" and not _new_results(message):
            break
        made |= {block.name or "" for block in message.of_type("tool_use")}
    return made


def obey(request: MessagesRequest) -> ToolCall | None:
    """Do what a file or a tool's output says: a model that was talked over.

    `call NAME with {JSON}` at the end of a line is made, whatever tools there are.
    """
    newest = request.messages[-1]
    said = "\n".join(block.as_text() for block in newest.blocks)
    found = _ORDERED.search(said)
    if found is None:
        return None
    try:
        return ToolCall(found[1], json.loads(found[2]))
    except ValueError:
        return None


def tool_input(tool: Tool, context: PromptContext) -> dict[str, Any]:
    arguments = _Arguments(context)
    if "edits" in (tool.input_schema or {}).get("properties", {}):
        return arguments.edit()
    built = build(tool.input_schema or {"type": "object"}, arguments)
    return built if isinstance(built, dict) else {}


def newest_results(request: MessagesRequest) -> list[ToolResult]:
    """Results that nobody has spoken after, named by the calls they answer."""
    spoken = [message for message in request.messages if message.role != "system"]
    names = names_of_calls(request)
    return [
        ToolResult(
            name=names.get(block.tool_use_id, "tool"),
            text=printed(block.as_text()),
            is_error=bool(block.is_error),
        )
        for block in _new_results(spoken[-1])
    ]


def _new_results(message: Message) -> list[Block]:
    """The results at the end of a message; words behind them make them old."""
    results: list[Block] = []
    for block in reversed(message.blocks):
        if block.type == "tool_result":
            results.insert(0, block)
        elif results or is_said(block.as_text()):
            break
    return results


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
            "content": self._content(),
            "text": self._sought(),
            **dict.fromkeys(("version", "base_version"), self._version()),
            **dict.fromkeys(
                ("reason", "explanation", "summary", "description"),
                "Simulated: the hints so far, written into the function as comments.",
            ),
        }
        if spot.name == "command":
            return self._command()
        if spot.name == "question":
            return "Simulated: which case do you want to begin with?"
        if spot.name == "options" and spot.path[-1] != "options":
            return _OPTIONS[(spot.number - 1) % len(_OPTIONS)]
        if spot.name in {"first_line", "last_line", "folder", "line"}:
            return None
        return known.get(spot.name, UNKNOWN)

    def length(self, spot: Spot, root: Root) -> int | None:
        del root
        return 2 if spot.name == "options" else None

    def edit(self) -> dict[str, Any]:
        """A whole edit: a sketch in the active function, or a new file of notes.

        Asked for parts it changes a second function, too.
        """
        source = self._context.active_file
        summary = "Simulated: the hints so far, written into the function as comments."
        nothing: dict[str, Any] = {"hunks": None, "text": None, "delete": None}
        if source is None:
            path = self._path()
            named = path if isinstance(path, str) else "notes.md"
            new = {**nothing, "path": named, "text": "Simulated notes.\n"}
            return {"summary": summary, "edits": [new]}
        old, new_text = self._function() or (source.text.split("\n")[0], "")
        if not new_text:
            new_text = f"{old}\n"
        hunks = [{"old_text": old, "new_text": new_text, "line": None}]
        if _IN_PARTS.search(self._context.message):
            hunks += self._second(source, old)
        change = {**nothing, "path": source.path, "hunks": hunks}
        return {"summary": summary, "edits": [change]}

    def _second(self, source: SourceFile, taken: str) -> list[dict[str, Any]]:
        """A comment above another function, as a part of its own, where there is one."""
        mark = "#" if language_of(source.path) == "python" else "//"
        for function in functions_in(source.path, source.text):
            head = function.indent + function.signature
            if head not in taken and source.text.count(head) == 1:
                note = f"{function.indent}{mark} Simulated: say what this promises."
                text = f"{note}\n{head}"
                return [{"old_text": head, "new_text": text, "line": None}]
        return []

    def _command(self) -> object:
        quoted = _QUOTED.search(self._context.message)
        if quoted:
            return quoted[1]
        tests = self._context.tests
        return (tests.command if tests else "") or UNKNOWN

    def _path(self) -> object:
        """The path the message names, completed from the known files."""
        paths = [source.path for source in self._context.files]
        for named in _PATH.findall(self._context.message):
            full = [
                path for path in paths if path == named or path.endswith(f"/{named}")
            ]
            return full[0] if full else named
        return paths[0] if paths else UNKNOWN

    def _sought(self) -> object:
        """What is searched for: what the message quotes, or its last word."""
        quoted = _QUOTED.search(self._context.message)
        words = self._context.message.rstrip("?!. ").split()
        return quoted[1] if quoted else (words[-1] if words else UNKNOWN)

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
