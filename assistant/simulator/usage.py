"""Token estimates and the memory of cached prompt prefixes."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from assistant.simulator.catalogue import MODELS
from assistant.simulator.wire import CacheControl, CountTokensRequest

CHARS_PER_TOKEN = 4
MESSAGE_OVERHEAD = 3
LOOKBACK = 20
TTL_SECONDS = {"5m": 300.0, "1h": 3600.0}


def estimate_tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)


@dataclass(frozen=True)
class Piece:
    """One cacheable part of the prompt, in prefix order."""

    text: str
    tokens: int
    ttl: str | None


@dataclass(frozen=True)
class InputUsage:
    input_tokens: int
    created_5m: int = 0
    created_1h: int = 0
    read: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.created_5m + self.created_1h + self.read

    def as_dict(self) -> dict[str, object]:
        return {
            "input_tokens": self.input_tokens,
            "cache_creation_input_tokens": self.created_5m + self.created_1h,
            "cache_read_input_tokens": self.read,
        }

    def breakdown(self) -> dict[str, int]:
        return {
            "ephemeral_5m_input_tokens": self.created_5m,
            "ephemeral_1h_input_tokens": self.created_1h,
        }


def prompt_pieces(request: CountTokensRequest) -> list[Piece]:
    """Tools, then system, then messages: the order in which prefixes are cached."""
    pieces = [_piece(t.canonical(), t.cache_control) for t in request.tools or []]
    pieces += [_piece(b.canonical(), b.cache_control) for b in request.system_blocks]
    for message in request.messages:
        for block in message.blocks:
            text = f"{message.role}:{block.canonical()}"
            pieces.append(_piece(text, block.cache_control, MESSAGE_OVERHEAD))
    if request.cache_control is not None and pieces:
        last = pieces[-1]
        ttl = last.ttl or request.cache_control.ttl
        pieces[-1] = Piece(last.text, last.tokens, ttl)
    return pieces


def prompt_tokens(request: CountTokensRequest) -> int:
    schema = request.output_schema
    extra = estimate_tokens(str(schema)) if schema else 0
    return sum(piece.tokens for piece in prompt_pieces(request)) + extra


def cache_marks(request: CountTokensRequest) -> list[str]:
    """The lifetimes of the cache breakpoints, in prefix order."""
    return [piece.ttl for piece in prompt_pieces(request) if piece.ttl]


def _piece(text: str, control: CacheControl | None, overhead: int = 0) -> Piece:
    ttl = control.ttl if control else None
    return Piece(text, estimate_tokens(text) + overhead, ttl)


class PromptCache:
    """Remembers hashes of prompt prefixes of this process until they expire."""

    def __init__(
        self, *, capacity: int = 4096, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._expires: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._capacity = capacity
        self._clock = clock

    def charge(self, request: CountTokensRequest, key: str) -> InputUsage:
        """Account one request, refreshing what it hit and storing what it marked."""
        pieces = prompt_pieces(request)
        prefixes = _prefix_hashes(f"{key}\x00{request.model}", pieces)
        totals = _running_totals(pieces)
        uncounted = prompt_tokens(request) - (totals[-1] if totals else 0)
        minimum = MODELS[request.model].min_cacheable
        marks = [
            index
            for index, piece in enumerate(pieces)
            if piece.ttl and totals[index] >= minimum
        ]
        if not marks:
            return InputUsage(input_tokens=totals[-1] + uncounted)
        hit = self._longest_hit(prefixes, totals, marks, minimum)
        counted = totals[hit] if hit >= 0 else 0
        created = {"5m": 0, "1h": 0}
        for index in marks:
            ttl = pieces[index].ttl or "5m"
            if index > hit:
                created[ttl] += totals[index] - counted
                counted = totals[index]
            self._store(prefixes[index], ttl)
        return InputUsage(
            input_tokens=totals[-1] - counted + uncounted,
            created_5m=created["5m"],
            created_1h=created["1h"],
            read=totals[hit] if hit >= 0 else 0,
        )

    def _longest_hit(
        self, prefixes: list[str], totals: list[int], marks: list[int], minimum: int
    ) -> int:
        for mark in reversed(marks):
            for index in range(mark, max(-1, mark - LOOKBACK), -1):
                if totals[index] < minimum:
                    break
                if self._touch(prefixes[index]):
                    return index
        return -1

    def _touch(self, prefix: str) -> bool:
        expires, lifetime = self._expires.get(prefix, (0.0, 0.0))
        if expires <= self._clock():
            self._expires.pop(prefix, None)
            return False
        self._expires[prefix] = (self._clock() + lifetime, lifetime)
        return True

    def _store(self, prefix: str, ttl: str) -> None:
        lifetime = TTL_SECONDS[ttl]
        self._expires[prefix] = (self._clock() + lifetime, lifetime)
        self._expires.move_to_end(prefix)
        while len(self._expires) > self._capacity:
            self._expires.popitem(last=False)


def _prefix_hashes(seed: str, pieces: list[Piece]) -> list[str]:
    digest = hashlib.sha256(_bytes(seed))
    hashes = []
    for piece in pieces:
        digest.update(b"\x00" + _bytes(piece.text))
        hashes.append(digest.hexdigest())
    return hashes


def _running_totals(pieces: list[Piece]) -> list[int]:
    totals: list[int] = []
    for piece in pieces:
        totals.append((totals[-1] if totals else 0) + piece.tokens)
    return totals


def _bytes(text: str) -> bytes:
    """UTF-8 that also takes the lone surrogates JSON can carry."""
    return text.encode("utf-8", "surrogatepass")
