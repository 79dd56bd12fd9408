"""Composes the Markdown answer: failing tests, the next hint, the file, a sketch."""

from __future__ import annotations

import re

from assistant.simulator.code import (
    Function,
    draft,
    functions_in,
    language_of,
)
from assistant.simulator.context import PromptContext, SourceFile
from assistant.simulator.longform import LONG_ANSWER
from assistant.simulator.testlog import TestReport, looks_like_tests, read_report

NOTICE = "*Simulated answer: no model is configured here.*"
MAX_FAILURES = 3
MAX_DETAIL = 160
MAX_NAMES = 5
MIN_WORDS = 60
_LONG = re.compile(r"\bwrite a long answer\b", re.I)

_FILLER = (
    "A good way to move on: say in one sentence what the function promises, pick the "
    "smallest input that breaks the promise, and follow it by hand through your code. "
    "Write down the value of each variable as you go; the first value that surprises "
    "you is usually the place to change. Then run the visible tests again before you "
    "change anything else, so that you know which change had which effect."
)
_OFF = (
    "In this section I may not help with the solution, so there is no hint and no code "
    "from me. I can explain how the editor, the terminal and the test button work, or "
    "say the task again in other words. Read the problem statement once more with a "
    "concrete example beside you, write down what goes in and what should come out, "
    "and try the smallest case first. The visible tests are yours to run as often as "
    "you like."
)


def compose_answer(context: PromptContext) -> str:
    """The whole answer as a function of what the request shows, nothing else."""
    if _LONG.search(context.message):
        return f"{NOTICE}\n\n{LONG_ANSWER}"
    if context.policy == "off":
        return f"{NOTICE}\n\n{_OFF}"
    report = _report(context)
    parts = [NOTICE, _decisions_part(context), _tests_part(report)]
    parts += [_hint_part(context), _file_part(context)]
    shows_code = context.policy in {"pair", "agent"}
    command = context.tests.command if context.tests and shows_code else ""
    parts += [_sketch_part(context, report), _closing_part(report, command)]
    return _at_least(MIN_WORDS, [part for part in parts if part])


def compose_hint(context: PromptContext) -> str:
    """A hint that was asked for by its button: where to look, and what to try there."""
    where = _file_part(context) or "Open the file that the statement names first."
    return (
        f"{NOTICE}\n\n{where} Take the smallest input, follow it by hand, and stop at "
        "the first value that surprises you."
    )


def compose_tool_answer(context: PromptContext, name: str, result: str) -> str:
    """The answer after a tool came back: what it said, then the next hint."""
    parts = [NOTICE, _result_part(context, name, result)]
    if context.policy != "off":
        parts.append(_hint_part(context))
    parts.append(_closing_part(_run_report(context, name, result)))
    return _at_least(MIN_WORDS, [part for part in parts if part])


def tool_error_answer(name: str, result: str) -> str:
    reason = _shorten(" ".join(result.split())) or "no reason was given"
    return _at_least(
        MIN_WORDS,
        [NOTICE, f"`{name}` did not work: {reason}", "I go on without its result."],
    )


def _at_least(words: int, parts: list[str]) -> str:
    text = "\n\n".join(parts)
    return f"{text}\n\n{_FILLER}" if len(text.split()) < words else text


def _decisions_part(context: PromptContext) -> str:
    if not context.decisions:
        return ""
    quoted = "\n>\n".join(context.decisions).replace("\n", "\n> ")
    return f"I was told what you decided:\n\n> {quoted}"


def _report(context: PromptContext) -> TestReport | None:
    tests = context.tests
    return read_report(tests.text, tests.passed, tests.failed) if tests else None


def _tests_part(report: TestReport | None) -> str:
    if report is None:
        return (
            "I have not seen a test run yet. Run the visible tests first: what they "
            "print says more than a guess."
        )
    if not report.failed and not report.failures:
        return (
            f"All {report.passed} visible tests pass. Think of inputs they do not "
            "cover: empty, one element, repeated values, very large."
        )
    count = report.failed or len(report.failures)
    noun = "test fails" if count == 1 else "tests fail"
    lines = [f"In the last run **{count} {noun}** and {report.passed} pass:"]
    return "\n".join([*lines, "", *_failure_lines(report, count)]).rstrip()


def _failure_lines(report: TestReport, count: int) -> list[str]:
    lines = []
    for failure in report.failures[:MAX_FAILURES]:
        detail = f": {_code(failure.detail)}" if failure.detail else ""
        lines.append(f"- {_code(failure.name)}{detail}")
    if lines and count > MAX_FAILURES:
        lines.append(f"- and {count - MAX_FAILURES} more")
    return lines


def _hint_part(context: PromptContext) -> str:
    if not context.hints:
        return ""
    number = min(context.turn, len(context.hints))
    headline = f"**Hint {number} of {len(context.hints)}.**"
    last = " That was the last hint." if context.turn > len(context.hints) else ""
    return f"{headline} {context.hints[number - 1]}{last}"


def _file_part(context: PromptContext) -> str:
    source = context.active_file
    if source is None:
        return ""
    functions = functions_in(source.path, source.text)
    where = f"In `{source.path}`"
    if not functions:
        return f"{where} I see no function yet; start with its name and arguments."
    names = ", ".join(f"`{function.name}`" for function in functions[:MAX_NAMES])
    stub = next((function for function in functions if function.is_stub), None)
    line = _line_of(stub or functions[0], source)
    begin = f"`{source.path}:{line}`"
    if stub is None:
        return f"{where} I look at {names}. Begin to read at {begin}."
    return f"{where} I look at {names}. `{stub.name}` has no body yet: see {begin}."


def _line_of(function: Function, source: SourceFile) -> int:
    before = source.text.partition(function.signature)[0]
    return before.count("\n") + 1


def _sketch_part(context: PromptContext, report: TestReport | None) -> str:
    source = context.active_file
    if context.policy not in {"pair", "agent"} or source is None:
        return ""
    function = target_function(source, report)
    if function is None:
        return ""
    notes = list(context.hints[: context.turn]) or [
        "handle the smallest input first",
        "then build the general case on it",
    ]
    snippet = draft(function, source.path, notes)
    fence = "````" if "```" in snippet else "```"
    opening = f"{fence}{language_of(source.path)}"
    return f"A sketch to start from:\n\n{opening}\n{snippet}\n{fence}"


def target_function(source: SourceFile, report: TestReport | None) -> Function | None:
    """The function the failures name, else the first one without a body."""
    functions = functions_in(source.path, source.text)
    seen = " ".join(
        f"{failure.name} {failure.detail}"
        for failure in (report.failures if report else ())
    )
    for function in functions:
        if re.search(rf"\b{re.escape(function.name)}\b", seen):
            return function
    stubs = [function for function in functions if function.is_stub]
    return next(iter([*stubs, *functions]), None)


def _again(command: str) -> str:
    return f"\n\n```sh\n{command}\n```" if command else ""


def _closing_part(report: TestReport | None, command: str = "") -> str:
    if report is not None and report.failures:
        return (
            f"Next: make `{report.failures[0].name}` pass on its own, then run all of "
            f"them again. Tell me what you expect before you run it.{_again(command)}"
        )
    return "Next: tell me in a sentence what you would try, and I will follow you."


def _result_part(context: PromptContext, name: str, result: str) -> str:
    if name == "propose_edit":
        return (
            "I propose the change below. Nothing is written yet: accept, refuse or "
            "edit each part, and I hear of it with your next message."
        )
    if name == "ask_candidate":
        return "Choose below, or skip it; I hear of it with your next message."
    report = _run_report(context, name, result)
    if report is not None:
        return f"I used `{name}`. {_tests_part(report)}"
    source = context.active_file
    path = source.path if source else "solution.py"
    functions = functions_in(path, result)
    count = len(result.splitlines())
    lines = "1 line" if count == 1 else f"{count} lines"
    if functions:
        names = ", ".join(f"`{function.name}`" for function in functions[:MAX_NAMES])
        return f"I used `{name}` and read {lines} with {names}."
    first = next((line for line in result.splitlines() if line.strip()), "")
    said = f", starting with {_code(first)}" if first else ""
    return f"I used `{name}`; it returned {lines}{said}."


def _run_report(context: PromptContext, name: str, result: str) -> TestReport | None:
    """What a tool's result says of tests; the counts that were told come first."""
    if name == "run_tests" and context.tests is not None:
        return _report(context)
    return read_report(result) if looks_like_tests(result) else None


def _code(text: str) -> str:
    """Inline code that survives backticks in the text."""
    text = _shorten(" ".join(text.split()))
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"
