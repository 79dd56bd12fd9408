"""Change sets against the editor's own library: random ones, odd ones, wrong ones.

Whatever the library refuses is refused here, and whatever is taken here means the
same there. A few things the library takes are refused on purpose, see `NONSENSE`.
"""

import json
import random
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from base.text import utf16_length
from interviews.workspace.changes import apply_changes, normalise_lines
from interviews.workspace.changesets import (
    compose_changes,
    map_changes,
    parse_changes,
)
from interviews.workspace.errors import BadChangesError
from tools.bootstrap.frontend import find_node

HERE = Path(__file__).parent
SECONDS_PER_BATCH = 60
BATCH = 250
PIECES = [
    *("a", "b", " ", "\t", "\n", "\n", "\n"),
    *("é", "e\u0301", "\u0301", "漢", "\u200d", "\ufeff"),
    *("😀", "👩‍💻", "🇩🇪", "\U0010ffff"),
    *("\ud800", "\udfff", "\ud83d", "\ude00"),
    *("\0", "\x0b", "\x85", "\u2028"),
]
Question = Mapping[str, Any]


class Library:
    """The editor's library in one Node process."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            [program, str(HERE / "answer_changes.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, questions: list[Question]) -> list[dict[str, Any]]:
        """Return an answer for each: `value`, or `refused` with the reason."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        watch = threading.Timer(SECONDS_PER_BATCH, self._process.kill)
        watch.start()
        try:
            stdin.write(json.dumps(questions) + "\n")
            stdin.flush()
            answers: list[dict[str, Any]] = json.loads(stdout.readline())
        finally:
            watch.cancel()
        assert len(answers) == len(questions)
        return answers

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def library() -> Iterator[Library]:
    node = find_node()
    if node is None:
        pytest.skip("Node is missing; the editor's library cannot be asked")
    asked = Library(node.program)
    yield asked
    asked.close()


class Maker:
    """Random texts, and change sets that fit them."""

    def __init__(self, seed: int) -> None:
        self.numbers = random.Random(seed)

    def text(self, most: int) -> str:
        return "".join(self.numbers.choices(PIECES, k=self.numbers.randrange(most)))

    def odd_changes(self, length: int) -> list[Any]:
        """A change set as nobody writes it: empty parts, neighbours of one kind."""
        parts: list[Any] = []
        while length or self.numbers.random() < 0.4:
            size = self.numbers.randint(0, min(length, self.numbers.choice([1, 3, 20])))
            parts.append(self.numbers.choice([size, [size], self._insert(size)]))
            length -= size
        return parts

    def changes(self, length: int) -> list[Any]:
        """A change set as the library writes it."""
        return parse_changes(self.odd_changes(length))

    def _insert(self, size: int) -> list[Any]:
        return [size, *self.text(6).split("\n")]


def join_pairs(value: Any) -> Any:
    """The same units, halves that meet joined, as Python reads them."""
    if isinstance(value, str):
        data = value.encode("utf-16-le", "surrogatepass")
        return data.decode("utf-16-le", "surrogatepass")
    if isinstance(value, list):
        return [join_pairs(item) for item in value]
    return value


def new_length(changes: list[Any]) -> int:
    return sum(
        part if isinstance(part, int) else utf16_length("\n".join(part[1:]))
        for part in changes
    )


def agree(library: Library, cases: list[tuple[Question, Any]]) -> None:
    """Compare our results with the library's; what ours refused is None."""
    answers = library.ask([question for question, _ours in cases])
    for (question, ours), answer in zip(cases, answers, strict=True):
        assert "value" in answer, (question, answer)
        assert join_pairs(answer["value"]) == join_pairs(ours), question


def odd_cases(maker: Maker) -> list[tuple[Question, Any]]:
    """Sets as nobody writes them mean the same; lines end the same way."""
    text = maker.text(30)
    odd = maker.odd_changes(utf16_length(text))
    ending = maker.text(12).replace("b", "\r").replace("a", "\r\n")
    return [
        ({"ask": "apply", "text": text, "changes": odd}, apply_changes(text, odd)),
        (
            {"ask": "apply", "text": text, "changes": parse_changes(odd)},
            apply_changes(text, odd),
        ),
        ({"ask": "normalise", "text": ending}, normalise_lines(ending)),
    ]


def neat_cases(maker: Maker) -> list[tuple[Question, Any]]:
    """Sets as the library writes them: the results are equal to the letter."""
    text = maker.text(30)
    length = utf16_length(text)
    first, other = maker.changes(length), maker.changes(length)
    second = maker.changes(new_length(first))
    composed = compose_changes(first, second)
    after = apply_changes(apply_changes(text, first), second)
    assert apply_changes(text, composed) == after
    mapped, counter = map_changes(first, other), map_changes(other, first, before=True)
    assert apply_changes(apply_changes(text, other), mapped) == apply_changes(
        apply_changes(text, first), counter
    )
    return [
        ({"ask": "parse", "changes": first}, first),
        ({"ask": "compose", "first": first, "second": second}, composed),
        ({"ask": "map", "changes": first, "over": other, "before": False}, mapped),
        ({"ask": "map", "changes": other, "over": first, "before": True}, counter),
    ]


def compare(library: Library, *, seed: int, rounds: int) -> None:
    maker = Maker(seed)
    for _ in range(0, rounds, BATCH):
        cases: list[tuple[Question, Any]] = []
        for _ in range(BATCH):
            cases += neat_cases(maker)
            cases += odd_cases(maker)
        agree(library, cases)


def test_random_changes_agree_with_the_library(library: Library) -> None:
    compare(library, seed=20260101, rounds=3_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_many_random_changes_agree_with_the_library(
    library: Library, seed: int
) -> None:
    compare(library, seed=seed, rounds=25_000)


def test_changes_of_nothing_agree_with_the_library(library: Library) -> None:
    sets: list[list[Any]] = [[], [[0, "x"]], [[0, "", ""]]]
    cases: list[tuple[Question, Any]] = []
    for first in sets:
        apply = {"ask": "apply", "text": "", "changes": first}
        cases.append((apply, apply_changes("", first)))
        for over in sets:
            ask = {"ask": "map", "changes": first, "over": over, "before": False}
            cases.append((ask, map_changes(first, over)))
    agree(library, cases)


def test_changes_of_another_length_are_refused_by_both(library: Library) -> None:
    maker = Maker(5)
    questions: list[Question] = []
    while len(questions) < 600:
        text = maker.text(12)
        length = utf16_length(text)
        fits, other = maker.changes(length), maker.changes(maker.numbers.randrange(40))
        # The library takes a set that changes nothing without a look at its length,
        # and maps over one that is too long for ever: that it is not asked.
        if old_length(other) in {length, new_length(fits)} or is_idle(fits, other):
            continue
        with pytest.raises(BadChangesError):
            apply_changes(text, other)
        with pytest.raises(BadChangesError):
            compose_changes(fits, other)
        with pytest.raises(BadChangesError):
            map_changes(fits, other)
        questions += [
            {"ask": "apply", "text": text, "changes": other},
            {"ask": "compose", "first": fits, "second": other},
        ]
    taken = [
        question
        for question, answer in zip(questions, library.ask(questions), strict=True)
        if "refused" not in answer
    ]
    assert taken == []


def old_length(changes: list[Any]) -> int:
    return sum(part if isinstance(part, int) else part[0] for part in changes)


def is_idle(*sets: list[Any]) -> bool:
    return any(all(isinstance(part, int) for part in changes) for changes in sets)


@pytest.mark.parametrize(
    "changes",
    [
        *(None, {}, "3", 3, [[]], [["3"]], [None], [{}], [[3, 1]], [[3, None]]),
        *([[3, ["a"]]], [[True, "a"], 2], [True, 2], [2], [4], [3, 1], [-3]),
    ],
    ids=repr,
)
def test_malformed_changes_are_refused_by_both(
    library: Library, changes: object
) -> None:
    (answer,) = library.ask([{"ask": "apply", "text": "abc", "changes": changes}])

    assert "refused" in answer
    with pytest.raises(BadChangesError):
        apply_changes("abc", changes)
    for operation in (compose_changes, map_changes):
        with pytest.raises(BadChangesError):
            operation([[0, "xyz"], 3], changes)
        with pytest.raises(BadChangesError):
            operation(changes, [[0, "xyz"], 3])


# Taken by the library, refused here: no editor writes it, and it would break lines,
# cut units in half or count backwards.
NONSENSE = [[4, -1], [1.5, 1.5], [3.0], [[3, "a\nb"]], [[3, "a\rb"]], [[3, "a\r", "b"]]]


@pytest.mark.parametrize("changes", NONSENSE, ids=repr)
def test_nonsense_the_library_takes_is_refused(changes: object) -> None:
    with pytest.raises(BadChangesError):
        apply_changes("abc", changes)
    with pytest.raises(BadChangesError):
        parse_changes(changes)
