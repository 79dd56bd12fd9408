"""What of an answer a candidate may see, watched while it arrives.

Where the policy allows no whole solutions, short fragments pass and longer code is
held back: in fences, without them, in pieces that together are long, in any language.
What may be shown of a text depends on that text alone, never on how it was cut.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from assistant.policies.code_lines import (
    CodeSize,
    is_code,
    is_empty,
    is_sentence,
    measure_line,
    plain,
)
from interviews.enums import Policy

# An idea fits into four lines (a call, a loop head, a comparison); a function that does
# something does not: the smallest of the sample problems' references has five. All
# answers of an interview together stay under a fifth of the smallest reference, which
# has 98 lines.
LINES_AN_ANSWER = 4
CHARS_AN_ANSWER = 200
LINES_AN_INTERVIEW = 20
# What of a line tells that it is prose: a few words.
_PROSE_CHARS = 300
# Shorter words in backticks are names, not code.
_SPAN_CHARS = 12
# A line that begins like this is prose whatever follows, so its words need not wait
# for its end. It holds for every longer beginning of the same line, too.
_PROSE = re.compile(
    r"""^[\s>]*(?:(?:[-*+•]|\#{1,6}|\d{1,3}[.)])\s+)?[*_“"'(\[]*
    (?!(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|FROM|WHERE|Dim)\s)
    (?:[A-ZÀ-ÞА-ЯΑ-Ω][\w'’-]*[,:;*_”"')\]]*\s+[^\W\d_][\w'’-]*[,:;.*_”"')\]]*\s+
    [^\s=({\[;<>:&|+\-*/%]
    |[^\x00-\x7f]{6})""",
    re.VERBOSE,
)
_FENCE = re.compile(r"^(?:[\s>|]|[-*+](?=\s)|\d{1,3}[.)](?=\s))*(`{3,}|~{3,})([^`]*)$")
_LATE_FENCE = re.compile(r"[^`](`{3,})[\w+#.-]*\s*$")
_INDENTED = re.compile(r"^(?: {4}|\t)\s*\S")
_LISTED = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s")
_COMMENT = re.compile(r"^\s*(?:#|//|--|\*|/\*|;;|%)")
_CLOSING = re.compile(r"^(?:[\s>|]|[-*+](?=\s))*(`{3,}|~{3,})\s*$")
_RUN = re.compile(r"`+")
_LONG_WORD = 10
_ODD = re.compile(r"^[-+*/|&:]?==?$|[=;{}]\S|\S[={}]|\w\[|(?!O\()\w\([^)\s]")


@dataclass(frozen=True)
class Withheld:
    """What was held back, in numbers; the text itself is nowhere."""

    chars: int = 0
    lines: int = 0
    blocks: int = 0


class OutputGuard(Protocol):
    """Watches one answer: `take` what arrives, show what it returns, `close` it.

    `note` says in numbers what was held back; `is_tripped` that something was.
    """

    @property
    def is_tripped(self) -> bool: ...
    @property
    def note(self) -> Withheld: ...

    def take(self, text: str) -> str:
        """Return what may be shown now; some of it may have come earlier."""

    def close(self) -> str:
        """Return what is still to be shown; the answer is over."""


def make_guard(
    policy: str, *, earlier: CodeSize | None = None, known: Collection[str] = ()
) -> OutputGuard:
    """Return what watches an answer under a policy.

    `earlier` is the code that answers of this interview have shown before; `known`
    are lines the candidate has already, which may be quoted.
    """
    if policy == Policy.HINTS:
        return SolutionGuard(earlier=earlier or CodeSize(), known=known)
    return OpenGuard()


class OpenGuard:
    """Lets everything through."""

    is_tripped = False
    note = Withheld()

    def take(self, text: str) -> str:
        """Return it as it came."""
        return text

    def close(self) -> str:
        """Return nothing: all is shown."""
        return ""


class SolutionGuard:
    """Lets prose and short fragments through; keeps longer code back.

    One that `is_open` only counts.
    """

    def __init__(
        self,
        *,
        earlier: CodeSize | None = None,
        known: Collection[str] = (),
        is_open: bool = False,
    ) -> None:
        self._is_open = is_open
        self._known = frozenset(plain(line) for line in known) - {""}
        used = earlier.lines if earlier else 0
        self._lines = max(1, min(LINES_AN_ANSWER, LINES_AN_INTERVIEW - used))
        self.shown = CodeSize()
        self.note = Withheld()
        # The line that is arriving: how much was shown, and what code it held.
        self._line = ""
        self._at = 0
        self._odd = 0
        self._is_marked = False
        # Code that waits for its end to be judged as a whole.
        self._held: list[str] = []
        self._size = CodeSize()
        self._is_dropped = False
        self._fence = ""
        self._in_list = False
        self._is_told = False

    @property
    def is_tripped(self) -> bool:
        """Whether anything was held back."""
        return self.note.blocks > 0

    def take(self, text: str) -> str:
        """Return what may be shown now."""
        shown = []
        for part in re.findall(r"[^\n]*\n|[^\n]+", text):
            self._line += part
            shown.append(self._end_line() if part.endswith("\n") else self._stream())
        return "".join(shown)

    def close(self) -> str:
        """Return the last line and whatever fragment is still held."""
        return (self._end_line() if self._line else "") + self._end_block()

    def _stream(self) -> str:
        """Return the words of a line of prose that are whole."""
        if self._fence or not _is_prose(self._line):
            return ""
        until = _whole_words(self._line)
        if until <= self._at:
            return ""
        return self._end_block() + self._show_prose(until)

    def _end_line(self) -> str:
        line = self._line
        if self._fence:
            shown = self._end_fenced(line)
        elif _is_prose(line):
            shown = self._end_prose(line)
        elif fence := _FENCE.match(line):
            shown = self._end_block()
            self._fence = fence[1]
            info = measure_line(fence[2]) if is_code(fence[2]) else None
            shown += self._hold(line, info)
        elif self._is_unfenced(line):
            shown = self._hold(line, self._measure(line))
        else:
            shown = self._end_prose(line)
        self._line, self._at, self._odd, self._is_marked = "", 0, 0, False
        return shown

    def _end_fenced(self, line: str) -> str:
        """Add a line to the fence; return the whole where this line closes it."""
        closing = _CLOSING.match(line)
        if not closing or not closing[1].startswith(self._fence):
            return self._hold(line, self._measure(line))
        return self._hold(line, None) + self._end_block()

    def _end_prose(self, line: str) -> str:
        if not line.strip():
            if self._held or self._is_dropped:
                # Code may go on after a blank line.
                self._held.append(line)
                return ""
            return line
        shown = self._end_block() + self._show_prose(len(line))
        if self._is_marked:
            shown = f"{shown.rstrip()} {self._say()}\n"
        self._in_list = bool(_LISTED.match(line))
        if fence := _LATE_FENCE.search(line):
            self._fence = fence[1]
        return shown

    def _is_unfenced(self, line: str) -> bool:
        if is_code(line) or (self._held and line.strip() and is_empty(line)):
            return True
        if self._in_list or _LISTED.match(line):
            return False
        return bool(_INDENTED.match(line)) and not is_sentence(plain(line))

    def _measure(self, line: str) -> CodeSize | None:
        if plain(line) in self._known:
            return None
        if _COMMENT.match(line) and not is_code(line):
            return None
        return measure_line(line)

    def _hold(self, line: str, size: CodeSize | None) -> str:
        """Keep a line of code until its block ends; say at once that it is too long."""
        self._size += size or CodeSize()
        self._held.append(line)
        if self._is_dropped or not self._fits(self._size):
            return self._drop()
        return ""

    def _drop(self) -> str:
        said = "" if self._is_dropped else f"\n{self._say()}\n"
        self._note(self._size, blocks=0 if self._is_dropped else 1)
        self._is_dropped, self._held, self._size = True, [], CodeSize()
        return said

    def _end_block(self) -> str:
        """Show the code that waits: it is short enough."""
        text = "".join(self._held)
        if self._is_dropped:
            text = text or "\n"
        self.shown += self._size
        self._held, self._size, self._fence = [], CodeSize(), ""
        self._is_dropped = False
        return text

    def _fits(self, size: CodeSize) -> bool:
        if self._is_open or size == CodeSize():
            return True
        sum_ = self.shown + size
        return sum_.lines <= self._lines and sum_.chars <= CHARS_AN_ANSWER

    def _note(self, size: CodeSize, *, blocks: int = 1) -> None:
        self.note = Withheld(
            chars=self.note.chars + size.chars,
            lines=self.note.lines + size.lines,
            blocks=self.note.blocks + blocks,
        )

    def _show_prose(self, until: int) -> str:
        """Return more of a line of prose, code within it counted or left out."""
        shown = []
        for piece, is_span in _pieces(self._line[self._at : until]):
            shown.append(self._show_span(piece) if is_span else self._show_words(piece))
        self._at = until
        return "".join(shown)

    def _show_span(self, span: str) -> str:
        inner = span.strip("`")
        size = measure_line(inner)
        is_name = size.chars < _SPAN_CHARS or plain(inner) in self._known
        if is_name or not (is_code(inner) or size.chars > 3 * _SPAN_CHARS):
            return span
        return self._weigh(span, size)

    def _show_words(self, text: str) -> str:
        return "".join(
            self._weigh_odd(word) if _ODD.search(word) else word
            for word in re.split(r"(\s+|`+)", text)
        )

    def _weigh_odd(self, word: str) -> str:
        """Count code outside of backticks: a long word, or the second, makes a line."""
        self._odd += 1 if len(word) < _LONG_WORD or self._odd else 2
        is_line = self._odd == 2
        return self._weigh(word, CodeSize(is_line + word.count(";"), len(word)))

    def _weigh(self, text: str, size: CodeSize) -> str:
        if self._fits(size):
            self.shown += size
            return text
        self._is_marked = True
        self._note(size)
        return "…"

    def _say(self) -> str:
        if self._is_told:
            return _("*(More code is left out.)*")
        self._is_told = True
        return _(
            "*(Longer code is left out here: in this interview the assistant gives "
            "hints and short fragments, and the solution is yours to write.)*"
        )


def _is_prose(line: str) -> bool:
    return bool(_PROSE.match(line[:_PROSE_CHARS]))


def measure_answers(texts: Iterable[str]) -> CodeSize:
    """Return how much code answers have shown, as the guard counts it."""
    shown = CodeSize()
    for text in texts:
        guard = SolutionGuard(is_open=True)
        guard.take(text)
        guard.close()
        shown += guard.shown
    return shown


def _whole_words(line: str) -> int:
    """Return how much of a line is decided: up to its last space, no span left open."""
    until = max(line.rfind(" "), line.rfind("\t")) + 1
    open_at = _open_span(line[:until])
    return until if open_at is None else open_at


def _open_span(text: str) -> int | None:
    """Return where backticks open that nothing in the text closes."""
    runs = list(_RUN.finditer(text))
    return runs[-1].start() if len(runs) % 2 else None


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Split prose into (text, is it between backticks)."""
    pieces, at = [], 0
    runs = iter(_RUN.finditer(text))
    for opening, closing in zip(runs, runs, strict=False):
        pieces += [(text[at : opening.start()], False)]
        pieces += [(text[opening.start() : closing.end()], True)]
        at = closing.end()
    return [*pieces, (text[at:], False)]
