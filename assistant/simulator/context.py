"""Reads the delimited blocks of our prompts: problem, hints, files, tests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.simulator.patches import apply_diff
from assistant.simulator.wire import Block, CountTokensRequest

Policy = Literal["hints", "pair", "agent", "off"]
TAGS = (
    "problem|hints|file|file_change|test_output|policy|message|evidence|rubric|decision"
)
_OPEN = re.compile(rf"<({TAGS})(\s[^<>]*)?>")
_HINT = re.compile(r"<hint(?:\s[^<>]*)?>(.*?)</hint\s*>", re.DOTALL)
# What the sender says by itself; no message of anybody.
_NOTES = re.compile(r"<(note|brief)>.*?</\1>", re.DOTALL)
_OUTPUT = re.compile(r"<tool_output [^<>]*>\n(.*)\n</tool_output>", re.DOTALL)
_COUNTS = re.compile(r"\b(\d+) of (\d+) tests passed\.")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_POLICIES: dict[str, Policy] = {
    "hints": "hints",
    "pair": "pair",
    "agent": "agent",
    "off": "off",
}


@dataclass(frozen=True)
class Tag:
    name: str
    attributes: dict[str, str]
    body: str


@dataclass(frozen=True)
class SourceFile:
    path: str
    version: str
    text: str


@dataclass(frozen=True)
class TestOutput:
    command: str
    passed: int | None
    failed: int | None
    text: str


@dataclass(frozen=True)
class PromptContext:
    """Everything an answer may lean on; each field may be absent."""

    message: str
    turn: int
    title: str = ""
    problem: str = ""
    hints: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()
    tests: TestOutput | None = None
    policy: Policy | None = None
    decisions: tuple[str, ...] = ()

    @property
    def active_file(self) -> SourceFile | None:
        return self.files[0] if self.files else None


def read_context(request: CountTokensRequest) -> PromptContext:
    """Trust the system prompt first: a candidate's text cannot change the policy."""
    system = list(tags(request.system_text))
    turns = [list(tags(m.text)) for m in request.messages if m.role == "user"]
    newest_first = [tag for turn in reversed(turns) for tag in turn]
    found = [*system, *newest_first]
    problem = _first(found, "problem")
    return PromptContext(
        message=last_message(request),
        turn=max(1, sum(1 for m in request.messages if m.role == "user" and m.text)),
        title=problem.attributes.get("title", "") if problem else "",
        problem=_HINT.sub("", problem.body).strip() if problem else "",
        hints=_hints(found),
        files=_files(system, turns),
        tests=_newest_tests(request) or _tests(_first(system, "test_output")),
        policy=_policy(_first(found, "policy")),
        decisions=_decisions(turns),
    )


def tags(text: str) -> Iterator[Tag]:
    """Known top-level blocks in order; what is inside a block is not searched."""
    for tag, _, _ in _spans(text):
        yield tag


def without_tags(text: str) -> str:
    kept, end = [], 0
    for _, start, stop in _spans(text):
        kept.append(text[end:start])
        end = stop
    return "".join([*kept, text[end:]])


def _spans(text: str) -> Iterator[tuple[Tag, int, int]]:
    """One pass, however many tags are opened and never closed."""
    position = 0
    unclosed: set[str] = set()
    while match := _OPEN.search(text, position):
        name, close = match[1], f"</{match[1]}>"
        end = -1 if name in unclosed else text.find(close, match.end())
        if end < 0:
            unclosed.add(name)
            position = match.end()
            continue
        position = end + len(close)
        body = text[match.end() : end]
        yield Tag(name, attributes(match[2] or ""), body), match.start(), position


def attributes(text: str) -> dict[str, str]:
    return {
        match[1]: html.unescape(match[2] if match[2] is not None else match[3])
        for match in _ATTRIBUTE.finditer(text)
    }


def last_message(request: CountTokensRequest) -> str:
    """The newest text of the user, from its `<message>` block where there is one."""
    for message in reversed(request.messages):
        said = _NOTES.sub("", message.text)
        if message.role != "user" or not said.strip():
            continue
        bodies = [tag.body for tag in tags(said) if tag.name == "message"]
        text = bodies[-1] if bodies else without_tags(said)
        return plain(text.strip())
    return ""


def is_said(text: str) -> bool:
    """Say whether a text is somebody's, and not the sender's note by itself."""
    return bool(_NOTES.sub("", text).strip())


def plain(text: str) -> str:
    """Undo escaping, if the sender escaped; raw text is left as it is."""
    return text if "<" in text or ">" in text else html.unescape(text)


def _first(found: Iterable[Tag], name: str) -> Tag | None:
    return next((tag for tag in found if tag.name == name), None)


def _hints(found: list[Tag]) -> tuple[str, ...]:
    for tag in found:
        if tag.name in {"hints", "problem"}:
            rungs = [plain(" ".join(body.split())) for body in _HINT.findall(tag.body)]
            if rungs:
                return tuple(rungs)
    return ()


def _files(system: list[Tag], turns: list[list[Tag]]) -> tuple[SourceFile, ...]:
    """Each path once, as it is now: the active file first, then as mentioned last."""
    texts: dict[str, str] = {}
    versions: dict[str, str] = {}
    for tag in [tag for tags_of in (system, *turns) for tag in tags_of]:
        path = tag.attributes.get("path", "")
        if tag.name == "file" and path:
            texts[path] = _inner(tag.body)
        elif tag.name == "file_change" and path in texts:
            texts[path] = apply_diff(texts[path], _inner(tag.body)) or texts[path]
        else:
            continue
        versions[path] = tag.attributes.get("version", "")
    return tuple(
        SourceFile(path, versions[path], plain(texts[path].strip("\n")))
        for path in _order(system, turns)
        if path in texts
    )


def _order(system: list[Tag], turns: list[list[Tag]]) -> Iterable[str]:
    newest_first = [tag for turn in reversed(turns) for tag in turn]
    message = _first(newest_first, "message")
    active = message.attributes.get("active", "") if message else ""
    mentioned = (tag.attributes.get("path", "") for tag in [*newest_first, *system])
    return dict.fromkeys([active, *mentioned])


def _inner(body: str) -> str:
    """What stands between the line breaks that belong to the tags."""
    return body.removeprefix("\n").removesuffix("\n")


def _decisions(turns: list[list[Tag]]) -> tuple[str, ...]:
    """What the candidate decided before the newest message."""
    newest = next((turn for turn in reversed(turns) if turn), [])
    return tuple(plain(tag.body.strip()) for tag in newest if tag.name == "decision")


def _tests(tag: Tag | None) -> TestOutput | None:
    if tag is None:
        return None
    return TestOutput(
        command=tag.attributes.get("command", ""),
        passed=_number(tag.attributes.get("passed")),
        failed=_number(tag.attributes.get("failed")),
        text=plain(tag.body),
    )


def _newest_tests(request: CountTokensRequest) -> TestOutput | None:
    """The last test run that was told, by the sender or as a tool's result."""
    spoken = [message for message in request.messages if message.role == "user"]
    names = names_of_calls(request)
    for message in reversed(spoken):
        for block in reversed(message.blocks):
            if found := _tests_in(block, names):
                return found
    return None


def _tests_in(block: Block, names: Mapping[str | None, str]) -> TestOutput | None:
    if block.type == "text":
        return _tests(_first(tags(block.as_text()), "test_output"))
    is_run = names.get(block.tool_use_id) == "run_tests" and not block.is_error
    return read_tests(block.as_text()) if is_run else None


def names_of_calls(request: CountTokensRequest) -> dict[str | None, str]:
    """The tools that were called, by the ids of their calls."""
    return {
        block.id: block.name or "tool"
        for message in request.messages
        for block in message.of_type("tool_use")
    }


def read_tests(result: str) -> TestOutput:
    """A test run as the tool tells of it: counts in words, then what was printed."""
    said = _COUNTS.search(result)
    passed, count = (int(said[1]), int(said[2])) if said else (None, 0)
    failed = None if passed is None else count - passed
    return TestOutput("", passed, failed, plain(printed(result)))


def printed(result: str) -> str:
    """What a tool printed, without what stands around it."""
    found = _OUTPUT.search(result)
    return found[1] if found else result


def _policy(tag: Tag | None) -> Policy | None:
    return _POLICIES.get(tag.body.strip().lower()) if tag else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
