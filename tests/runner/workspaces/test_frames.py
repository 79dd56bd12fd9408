"""Frames about workspaces survive the wire; what is none is refused with its id."""

import asyncio
import json
from uuid import uuid4

import pytest

from runner.protocol import (
    MAX_FRAME_BYTES,
    Failure,
    FileChange,
    FileContent,
    ProtocolError,
    Reply,
    Request,
    RunStart,
    WorkspaceAgree,
    WorkspaceAgreed,
    WorkspaceChanged,
    WorkspaceClose,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceRead,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
    encode_frame,
    parse_reply,
    parse_request,
    read_frame,
)
from runner.workspaces.bounds import MAX_BASES, MAX_ENTRIES, MAX_PATH_CHARS

KEY = str(uuid4())
HASH = "0a" * 32


async def through_the_wire(frame: Reply | Request) -> object:
    reader = asyncio.StreamReader()
    reader.feed_data(encode_frame(frame))
    reader.feed_eof()
    return await read_frame(reader)


REQUESTS: list[Request] = [
    WorkspaceOpen("1", KEY, 3, ("task", "ö")),
    WorkspaceScan("1", KEY, 3),
    WorkspaceRead("1", KEY, 3, ("task/a", "task/ö b")),
    WorkspaceWrite(
        *("1", KEY, 3),
        (
            FileChange("task/a", b"\0\xff", ""),
            FileChange("task/b", b"", HASH),
            FileChange("task/c", None, HASH),
        ),
    ),
    WorkspaceAgree("1", KEY, 3, {"task/a": HASH, "task/b": ""}),
    WorkspaceClose("1", KEY, 3),
    RunStart(str(uuid4()), ("true",), workspace=WorkspaceKey(KEY, 3)),
]
REPLIES: list[Reply] = [
    WorkspaceOpened("1", KEY, "generation", is_new=True),
    WorkspaceEntries(
        *("1", KEY),
        (
            WorkspaceEntry("task/a", "text", 3, HASH, ""),
            WorkspaceEntry("task/b", "gone", 0, "", HASH),
            WorkspaceEntry("task/c", "large", 1 << 40, "", ""),
        ),
        True,
        2,
    ),
    WorkspaceContents("1", KEY, (FileContent("task/a", HASH, b"\0"),), ("task/b",)),
    WorkspaceWritten("1", KEY, ("task/b",)),
    WorkspaceAgreed("1", KEY),
    WorkspaceClosed("1", KEY),
    WorkspaceChanged(KEY),
    Failure("stale_epoch", "No.", id="1"),
]


@pytest.mark.parametrize("frame", REQUESTS, ids=lambda each: type(each).__name__)
async def test_request_survives_the_wire(frame: Request) -> None:
    assert parse_request(await through_the_wire(frame)) == frame


@pytest.mark.parametrize("frame", REPLIES, ids=lambda each: type(each).__name__)
async def test_reply_survives_the_wire(frame: Reply) -> None:
    assert parse_reply(await through_the_wire(frame)) == frame


def request(kind: str, **fields: object) -> dict[str, object]:
    head = {"type": f"workspace.{kind}", "id": "7", "workspace": KEY, "epoch": 1}
    return head | fields


BAD: dict[str, dict[str, object]] = {
    "unknown": request("format"),
    "no UUID": request("scan", workspace="../x"),
    "negative epoch": request("scan", epoch=-1),
    "epoch is text": request("scan", epoch="1"),
    "root below": request("open", roots=["a/b"]),
    "root above": request("open", roots=[".."]),
    "too many roots": request("open", roots=["a"] * 65),
    "absolute path": request("read", paths=["/etc/passwd"]),
    "path with surrogate": request("read", paths=["\ud800"]),
    "too many paths": request("read", paths=["a"] * 4001),
    "no hash": request(
        "write", changes=[{"path": "a", "data_b64": "", "expected": "x"}]
    ),
    "path twice": request("write", changes=[{"path": "a"}, {"path": "a"}]),
    "file too large": request(
        "write", changes=[{"path": "a", "data_b64": "A" * (12 << 20)}]
    ),
    "files too large": request(
        "write",
        changes=[{"path": f"a{n}", "data_b64": "AAAA" * (2 << 20)} for n in range(5)],
    ),
    "base is no hash": request("agree", bases={"a": "ABC"}),
    "base of a bad path": request("agree", bases={"a//b": HASH}),
    "base of a surrogate": request("agree", bases={"\udcff": HASH}),
    "too many bases": request("agree", bases={f"f{n}": "" for n in range(4001)}),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_request_is_refused_by_its_id(data: dict[str, object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_request(data)

    is_unknown = data["type"] == "workspace.format"
    assert caught.value.request == ("" if is_unknown else "7")


@pytest.mark.parametrize("name", ["", "x" * 65, 7, None])
def test_id_is_a_short_text(name: object) -> None:
    data = request("scan", id=name)
    if name == "":
        assert parse_request(data) == WorkspaceScan("", KEY, 1)
        return
    with pytest.raises(ProtocolError):
        parse_request(data)


def test_run_in_an_open_workspace_brings_no_files() -> None:
    data = RunStart(str(uuid4()), ("true",)).to_json()
    data["workspace"] = {"id": KEY, "epoch": 1}
    assert parse_request(data) != parse_request({**data, "workspace": None})
    data["files"] = [{"path": "a", "text": ""}]

    with pytest.raises(ProtocolError):
        parse_request(data)


@pytest.mark.parametrize(
    "data",
    [
        {"type": "workspace.opened", "id": "1", "workspace": KEY},
        {"type": "workspace.changed", "workspace": "x"},
        {
            "type": "workspace.entries",
            "id": "1",
            "workspace": KEY,
            "entries": [{"path": "a", "kind": "magic", "size": 1}],
        },
    ],
    ids=["no generation", "no UUID", "kind"],
)
def test_what_is_no_reply_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        parse_reply(data)


def test_largest_scan_fits_into_a_frame() -> None:
    """Astral characters take twelve bytes each in a frame."""
    found = "🦜" * (MAX_PATH_CHARS // MAX_ENTRIES + 1)
    agreed = "🦜" * 512
    entries = [
        *(WorkspaceEntry(found, "text", 10**9, HASH, "") for _ in range(MAX_ENTRIES)),
        *(WorkspaceEntry(agreed, "gone", 0, "", HASH) for _ in range(MAX_BASES)),
    ]
    frame = WorkspaceEntries("x" * 64, KEY, tuple(entries), is_truncated=True)

    assert len(encode_frame(frame)) < MAX_FRAME_BYTES


def test_frames_are_plain_json() -> None:
    for frame in (*REQUESTS, *REPLIES):
        assert json.loads(json.dumps(frame.to_json())) == frame.to_json()
