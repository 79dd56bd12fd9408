"""Every kind of damage that was measured, and what is left of the recording.

A file must decode without one bad frame outside the hole, whatever was lost; what a
hole costs is its chunk and the rest up to the next key frame.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from recordings.media.segments import HoleReason, SegmentInput
from tests.recordings.media.checks import assert_sound
from tests.recordings.media.recorded import (
    FPS,
    KEY_SECONDS,
    assemble_into,
    chunk,
    cut,
    damaged,
    decode_all,
    record,
    segment,
)

SECONDS = 10
CHUNKS = 5
CHUNK_MS = SECONDS * 1000 // CHUNKS
# Slices are equal in bytes, not in time: their ends may be this far off.
UNEVEN_MS = 700
MISSING, DAMAGED = HoleReason.CHUNK_MISSING, HoleReason.CHUNK_DAMAGED
NOT_RECORDED = HoleReason.NOT_RECORDED


@cache
def vp9() -> tuple[bytes, ...]:
    return tuple(cut(record(seconds=SECONDS), CHUNKS))


@cache
def vp8_with_rare_keys() -> tuple[bytes, ...]:
    """As Firefox records: clusters that begin anywhere, few key frames."""
    return tuple(cut(record("libvpx", seconds=SECONDS, key_seconds=5), CHUNKS))


def told(slices: tuple[bytes, ...], **changes: object) -> SegmentInput:
    """A segment whose end the browser told."""
    whole = segment(slices, last_index=CHUNKS - 1, duration_ms=SECONDS * 1000)
    return replace(whole, **changes)  # type: ignore[arg-type]  # checked by use


def without(index: int, slices: tuple[bytes, ...] | None = None) -> SegmentInput:
    slices = slices or vp9()
    chunks = [each for each in told(slices).chunks if each.index != index]
    return told(slices, chunks=chunks)


def shortened(index: int) -> SegmentInput:
    return damaged(told(vp9()), index, vp9()[index][: len(vp9()[index]) // 2])


def flipped() -> SegmentInput:
    data = bytearray(vp9()[2])
    for place in range(100, 5100, 100):
        data[place % len(data)] ^= 0xFF
    return damaged(told(vp9()), 2, bytes(data))


def tail_lost() -> SegmentInput:
    """The tab died: nobody said how long it was."""
    return segment(vp9()[:4])


def twice() -> SegmentInput:
    return told(vp9(), chunks=[*told(vp9()).chunks, chunk(2, vp9()[2])])


def swapped() -> SegmentInput:
    first, second, third, *rest = told(vp9()).chunks
    return told(vp9(), chunks=[first, third, second, *rest])


def reloaded(codec: str = "libvpx-vp9") -> list[SegmentInput]:
    again = cut(record(codec, seconds=SECONDS), CHUNKS)
    return [told(vp9()), segment(again, name="b", start_ms=12_000, last_index=4)]


@dataclass(frozen=True)
class Row:
    """A kind of damage; `holes` as (reason, from, to) in milliseconds, roughly."""

    given: Callable[[], SegmentInput | list[SegmentInput]]
    holes: tuple[tuple[HoleReason, int, int], ...] = ()
    files: int = 1
    end_ms: int = SECONDS * 1000
    key_ms: int = KEY_SECONDS * 1000


ROWS = {
    "chunk missing": Row(lambda: without(2), ((MISSING, 4000, 6000),)),
    "chunk truncated": Row(lambda: shortened(2), ((DAMAGED, 4000, 6000),)),
    "tail lost": Row(tail_lost, end_ms=8000),
    "last chunk truncated": Row(
        lambda: shortened(4), ((DAMAGED, 8000, 10_000),), end_ms=8000
    ),
    "first chunk lost": Row(lambda: without(0), ((MISSING, 0, 2000),)),
    "chunk twice": Row(twice),
    "order swapped": Row(swapped),
    "bytes flipped": Row(flipped, ((DAMAGED, 4000, 6000),)),
    "reload, same codec": Row(
        reloaded, ((NOT_RECORDED, 10_000, 12_000),), end_ms=22_000
    ),
    "reload, other codec": Row(lambda: reloaded("libvpx"), files=2),
    "rare key frames": Row(
        lambda: without(1, vp8_with_rare_keys()), ((MISSING, 2000, 4000),), key_ms=5000
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_damage_costs_its_chunk_and_the_rest_plays(tmp_path: Path, row: Row) -> None:
    given = row.given()
    segments = given if isinstance(given, list) else [given]

    assembly, sinks = assemble_into(tmp_path, *segments)

    assert len(assembly.files) == row.files
    for file, sink in zip(assembly.files, sinks, strict=True):
        assert_sound(file, sink)
    first = assembly.files[0]
    assert first.duration_ms == pytest.approx(row.end_ms, abs=UNEVEN_MS)
    assert [hole.reason for hole in assembly.holes] == [each[0] for each in row.holes]
    times = decode_all(sinks[0].path).times_ms
    for hole, (_reason, start, end) in zip(assembly.holes, row.holes, strict=True):
        assert start - UNEVEN_MS <= hole.start_ms <= start + UNEVEN_MS
        assert end - UNEVEN_MS <= hole.end_ms <= end + row.key_ms + UNEVEN_MS
        assert not [at for at in times if hole.start_ms <= at < hole.end_ms]
    lost_ms = sum(hole.end_ms - hole.start_ms for hole in first.holes)
    kept_ms = max(first.duration_ms, row.end_ms) - lost_ms
    assert len(times) >= (kept_ms - UNEVEN_MS) * FPS // 1000
