"""Frames survive the wire, and whatever is not a frame is refused."""

import asyncio
import json
from uuid import uuid4

import pytest

from runner.protocol import (
    CollectedFile,
    Failure,
    InputFile,
    LanguageStatus,
    LimitRequest,
    Package,
    ProtocolError,
    Reply,
    Request,
    RunCancel,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    encode_frame,
    parse_reply,
    parse_request,
    read_frame,
)

RUN = str(uuid4())


async def through_the_wire(frame: Reply | Request) -> object:
    reader = asyncio.StreamReader()
    reader.feed_data(encode_frame(frame))
    reader.feed_eof()
    return await read_frame(reader)


REQUESTS: list[Request] = [
    StatusRequest(full=True),
    RunCancel(RUN),
    RunStart(RUN, ("true",)),
    RunStart(
        RUN,
        ("python3", "-c", "print('ä')"),
        files=(InputFile("a/b.py", b"\0\xff"), InputFile("a/c.py", b"")),
        cwd="a",
        env={"MODE": "test"},
        stdin=b"\0in",
        limits=LimitRequest(wall_seconds=2.5, memory_bytes=1 << 27),
        collect=("out.xml",),
    ),
]
REPLIES: list[Reply] = [
    Status(True, "", {"memory": "hard"}, (Package("pytest", "9", "python"),), "g", 1),
    Status(True, "", {}, (), "g", languages=(LanguageStatus("c", "C", "", "cc"),)),
    RunQueued(RUN, 3),
    RunStarted(RUN),
    RunOutput(RUN, "stderr", b"\xff\0"),
    RunFinished(RUN, "exited", 0, "", 12, 34, True, (CollectedFile("a", b"\0", True),)),
    RunFinished(RUN, "timeout", None, "It took too long.", 12, 34, False),
    RunFinished(RUN, "exited", 1, "", 1, 2, False, limits={"wall_seconds": 0.5}),
    Failure("busy", "Too many.", True, RUN),
]


@pytest.mark.parametrize("frame", REQUESTS, ids=lambda each: type(each).__name__)
async def test_request_survives_the_wire(frame: Request) -> None:
    assert parse_request(await through_the_wire(frame)) == frame


@pytest.mark.parametrize("frame", REPLIES, ids=lambda each: type(each).__name__)
async def test_reply_survives_the_wire(frame: Reply) -> None:
    assert parse_reply(await through_the_wire(frame)) == frame


def run_start(**changes: object) -> dict[str, object]:
    return {"type": "run.start", "run": RUN, "argv": ["true"]} | changes


def test_file_may_be_given_as_text() -> None:
    request = parse_request(run_start(files=[{"path": "a.py", "text": "ä"}]))

    assert isinstance(request, RunStart)
    assert request.files == (InputFile("a.py", "ä".encode()),)


BAD_PATHS = [
    *("", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\0b", "a\nb"),
    *("x" * 600, "/".join("a" * 40), "\ud800", "ä" * 200),
]


@pytest.mark.parametrize("path", BAD_PATHS, ids=lambda each: repr(each)[:20])
def test_path_that_leaves_the_workspace_is_refused(path: str) -> None:
    for change in (
        {"files": [{"path": path, "text": ""}]},
        {"collect": [path]},
        {"cwd": path or "/"},
    ):
        with pytest.raises(ProtocolError) as caught:
            parse_request(run_start(**change))
        assert caught.value.run == RUN


BAD_STARTS: dict[str, dict[str, object]] = {
    "no command": {"argv": []},
    "empty command": {"argv": [""]},
    "command is text": {"argv": "true"},
    "NUL in an argument": {"argv": ["a\0b"]},
    "number as argument": {"argv": [1]},
    "too many arguments": {"argv": ["a"] * 300},
    "file twice": {"files": [{"path": "a", "text": ""}, {"path": "a", "text": ""}]},
    "file is a folder": {
        "files": [{"path": "a", "text": ""}, {"path": "a/b", "text": ""}]
    },
    "not base64": {"files": [{"path": "a", "data_b64": "%%%"}]},
    "files too large": {"files": [{"path": "a", "text": "x" * (25 << 20)}]},
    "too many files": {"files": [{"path": f"f{n}", "text": ""} for n in range(2001)]},
    "PATH": {"env": {"PATH": "/x"}},
    "LD_PRELOAD": {"env": {"LD_PRELOAD": "/x"}},
    "BASH_ENV": {"env": {"BASH_ENV": "/x"}},
    "name of a variable": {"env": {"a b": "x"}},
    "negative wall": {"limits": {"wall_seconds": -1}},
    "infinite wall": {"limits": {"wall_seconds": float("inf")}},
    "boolean memory": {"limits": {"memory_bytes": True}},
    "too many collected": {"collect": [f"f{n}" for n in range(17)]},
    "run is no UUID": {"run": "../x"},
}


@pytest.mark.parametrize("change", BAD_STARTS.values(), ids=BAD_STARTS)
def test_bad_start_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        parse_request(run_start(**change))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        1,
        {},
        {"type": 3},
        {"type": "run.unknown"},
        {"type": "status", "full": 1},
    ],
)
def test_what_is_no_request_is_refused(data: object) -> None:
    with pytest.raises(ProtocolError):
        parse_request(data)


@pytest.mark.parametrize(
    "data",
    [
        {"type": "run.output", "run": RUN, "stream": "stdin", "data_b64": ""},
        {"type": "run.finished", "run": RUN, "reason": "magic", "duration_ms": 1},
        {"type": "hello"},
    ],
)
def test_what_is_no_reply_is_refused(data: object) -> None:
    with pytest.raises(ProtocolError):
        parse_reply(data)


async def test_deeply_nested_json_is_refused() -> None:
    body = b"[" * 200_000
    reader = asyncio.StreamReader(limit=1 << 20)
    reader.feed_data(len(body).to_bytes(4, "big") + body)
    reader.feed_eof()

    with pytest.raises(ProtocolError):
        await read_frame(reader)


def test_frame_too_large_is_not_sent() -> None:
    files = tuple(InputFile(f"f{n}", b"x" * (20 << 20)) for n in range(2))

    with pytest.raises(ProtocolError):
        encode_frame(RunStart(RUN, ("true",), files=files))


def test_frames_are_plain_json() -> None:
    for frame in (*REQUESTS, *REPLIES):
        assert json.loads(json.dumps(frame.to_json())) == frame.to_json()
