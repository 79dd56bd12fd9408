"""Prompts shaped as the product sends them."""

from __future__ import annotations

from anthropic.types import Message, MessageParam

MODEL = "claude-sonnet-5-5"
NOTICE = "*Simulated answer: no model is configured here.*"
SYSTEM = """You help a candidate.
<problem title="Word ladder">Find the shortest ladder.
<hints><hint n="1">Think of words as nodes.</hint>
<hint n="2">Search breadth first with a queue.</hint></hints></problem>
<policy>{policy}</policy>"""
SOLUTION = '''from collections import deque


def neighbours(word, words):
    return [w for w in words if sum(a != b for a, b in zip(w, word)) == 1]


def shortest_ladder(start, end, words):
    """Return the shortest ladder."""
    raise NotImplementedError
'''
TEST_OUTPUT = """________ test_simple ________
>       assert shortest_ladder("hit", "cog", []) == 0
E       assert None == 0
________ test_longer ________
E       AssertionError: assert 1 == 5
FAILED tests/test_ladder.py::test_simple - assert None == 0
FAILED tests/test_ladder.py::test_longer - AssertionError: assert 1 == 5
2 failed, 1 passed in 0.10s
"""


def system(policy: str = "hints") -> str:
    return SYSTEM.format(policy=policy)


def turn(message: str) -> str:
    return (
        f'<file path="word-ladder/solution.py" version="7">\n{SOLUTION}</file>\n'
        '<test_output command="python3 -m pytest -q tests" passed="1" failed="2">\n'
        f"{TEST_OUTPUT}</test_output>\n<message>{message}</message>"
    )


def ask(message: str) -> list[MessageParam]:
    return [{"role": "user", "content": message}]


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")
