"""Bytes of a stream to parts of an answer, however they were cut."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ProviderError
from assistant.providers.parts import (
    AnswerBlock,
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
)
from assistant.providers.streaming import AnswerReader

THINKING = {"type": "thinking", "thinking": "", "signature": ""}


def wire(*events: dict[str, Any], newline: str = "\n") -> bytes:
    """Events as the API writes them."""
    lines = [
        f"event: {e['type']}{newline}data: {json.dumps(e, ensure_ascii=False)}{newline}{newline}"
        for e in events
    ]
    return "".join(lines).encode()


def block(index: int, opening: dict[str, Any], *deltas: dict[str, Any]) -> list[Any]:
    return [
        {"type": "content_block_start", "index": index, "content_block": opening},
        *({"type": "content_block_delta", "index": index, "delta": d} for d in deltas),
        {"type": "content_block_stop", "index": index},
    ]


START = {
    "type": "message_start",
    "message": {"model": "m-1", "usage": {"input_tokens": 7, "cache": None}},
}
END = [
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 5},
    },
    {"type": "message_stop"},
]
ANSWER = [
    START,
    {"type": "ping"},
    *block(
        0,
        THINKING,
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "seal"},
    ),
    {"type": "unheard_of", "delta": 1},
    *block(
        1,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Grüße "},
        {"type": "unheard_of_delta", "text": "no"},
        {"type": "text_delta", "text": "🙂\n"},
    ),
    *block(
        2,
        {"type": "tool_use", "id": "t1", "name": "read", "input": {}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"path": "a'},
        {"type": "input_json_delta", "partial_json": '.py"}'},
    ),
    *END,
]
PARTS = [
    AnswerStarted("m-1", "req-1", {"input_tokens": 7}),
    AnswerThought(3),
    AnswerThought(4),
    AnswerBlock({"type": "thinking", "thinking": "Hm.", "signature": "seal"}),
    AnswerText("Grüße 🙂\n"),
    AnswerBlock({"type": "text", "text": "Grüße 🙂\n"}),
    AnswerThought(0),
    AnswerThought(11),
    AnswerThought(5),
    AnswerBlock(
        {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a.py"}}
    ),
    AnswerUsage({"output_tokens": 5}),
    AnswerEnded("end_turn"),
]


def read(chunks: Sequence[bytes]) -> list[AnswerPart]:
    reader = AnswerReader("req-1")
    parts = [part for chunk in chunks for part in reader.feed(chunk)]
    ended = reader.end()
    return _joined(parts if ended is None else [*parts, ended])


def _joined(parts: Sequence[AnswerPart]) -> list[AnswerPart]:
    """Join pieces of text: how they are cut depends on how the bytes came."""
    joined: list[AnswerPart] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, AnswerText) and isinstance(last, AnswerText):
            joined[-1] = AnswerText(last.text + part.text)
        else:
            joined.append(part)
    return joined


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_kind_of_block_is_read_and_what_is_unknown_passed_over(
    newline: str,
) -> None:
    assert read([wire(*ANSWER, newline=newline)]) == PARTS


@given(cuts=st.lists(st.integers(0, len(wire(*ANSWER))), max_size=60))
def test_bytes_may_be_cut_anywhere(cuts: list[int]) -> None:
    data = wire(*ANSWER)
    edges = [0, *sorted(cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    assert read(chunks) == PARTS


def test_data_in_several_lines_is_one_event() -> None:
    reader = AnswerReader("")
    data = b'data: {"type": "message_start",\ndata: "message": {"model": "m"}}\n\n'
    assert list(reader.feed(data)) == [AnswerStarted("m", "", {})]


def test_tool_input_that_was_cut_off_is_told() -> None:
    opening = {"type": "tool_use", "id": "t1", "name": "read", "input": {}}
    cut = {"type": "input_json_delta", "partial_json": '{"path": "a'}
    parts = read([wire(*block(0, opening, cut))])
    assert parts[-1] == AnswerBlock(opening, is_whole=False)


def test_error_event_is_a_failure_of_its_type() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
    reader = AnswerReader("req-1")
    with pytest.raises(ProviderError) as caught:
        list(reader.feed(wire(START, error)))
    assert caught.value.code == "overloaded_error"
    assert caught.value.retryable
    assert not caught.value.is_unbilled
    assert caught.value.request_id == "req-1"


def test_text_that_came_with_what_failed_is_read_first() -> None:
    opening = {"type": "text", "text": ""}
    said = {"type": "text_delta", "text": "Look at"}
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
    parts = AnswerReader("").feed(wire(START, *block(0, opening, said)[:-1], error))

    assert [next(parts), next(parts)][-1] == AnswerText("Look at")
    with pytest.raises(ProviderError):
        next(parts)


@pytest.mark.parametrize(
    "data", [b"data: {nonsense}\n\n", b"data: [1]\n\n"], ids=["no JSON", "no object"]
)
def test_what_is_no_event_is_a_failure(data: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        list(AnswerReader("").feed(data))
    assert caught.value.code == "api_error"


def test_stream_without_a_stop_reason_has_not_ended() -> None:
    assert AnswerReader("").end() is None
