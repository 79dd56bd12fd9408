"""Change sets put one after the other, and mapped over one another.

Both mean exactly what `ChangeSet.compose` and `ChangeSet.map` of @codemirror/state
mean, down to the JSON of the result; a differential test holds them to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from interviews.workspace.changes import Changes, Part, read_part
from interviews.workspace.errors import BadChangesError


@dataclass
class _Section:
    """Some units of the old text; `text` is UTF-16 in their place, None keeps them."""

    length: int
    text: bytes | None


class _Sections:
    """Sections as they are added, neighbours of one kind made one."""

    def __init__(self) -> None:
        self._items: list[_Section] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, length: int, text: bytes | None, *, is_open: bool = False) -> None:
        """Add a section; with `is_open` it belongs to the replacement before it."""
        if not length and not text:
            return
        last = self._items[-1] if self._items else None
        if last and not text and last.text == text:
            last.length += length
        elif last and (is_open or not length + last.length):
            last.length += length
            last.text = (last.text or b"") + (text or b"")
        else:
            self._items.append(_Section(length, text))

    def as_json(self) -> Changes:
        """Return the change set as it travels."""
        return [_write_part(section) for section in self._items]


def _write_part(section: _Section) -> Part:
    if section.text is None:
        return section.length
    if not section.text:
        return [section.length]
    text = section.text.decode("utf-16-le", "surrogatepass")
    return [section.length, *text.split("\n")]


class _Walk:
    """A walk over a change set, in pieces of the old text or of the new one."""

    def __init__(self, changes: object) -> None:
        if not isinstance(changes, list):
            raise BadChangesError
        self._items: Sequence[_Section] = [
            _Section(*read_part(part)) for part in changes
        ]
        self._next = 0
        self.next()

    def next(self) -> None:
        """Go to the next section; at the end there is none left to read."""
        self.is_done = self._next >= len(self._items)
        section = _Section(0, None) if self.is_done else self._items[self._next]
        self._next += 1
        self.length = section.length
        self.text = section.text
        # Units left to put in; -1 where old ones are kept.
        self.inserted = -1 if section.text is None else len(section.text) // 2
        self._offset = 0
        # Whether the text of this section has been put in already.
        self.is_spent = False

    @property
    def is_keeping(self) -> bool:
        return not self.is_done and self.text is None

    @property
    def is_changing(self) -> bool:
        return self.text is not None

    @property
    def is_begun(self) -> bool:
        """Whether a piece of this section was left behind already."""
        return self._offset > 0

    @property
    def new_length(self) -> int:
        return self.length if self.text is None else self.inserted

    def piece(self, size: int) -> bytes:
        """Return the next units of the inserted text."""
        return (self.text or b"")[2 * self._offset : 2 * (self._offset + size)]

    def forward(self, size: int) -> None:
        """Leave so many units of the old text behind."""
        if size == self.length:
            self.next()
        else:
            self.length -= size
            self._offset += size

    def forward_new(self, size: int) -> None:
        """Leave so many units of the new text behind."""
        if self.text is None:
            self.forward(size)
        elif size == self.inserted:
            self.next()
        else:
            self.inserted -= size
            self._offset += size


def parse_changes(changes: object) -> Changes:
    """Return a change set in its one written form.

    Parts that do nothing are left out. Raises BadChangesError for what is no change
    set; whether it fits a text shows when it is applied.
    """
    walk, result = _Walk(changes), _Sections()
    while not walk.is_done:
        result.add(walk.length, walk.text)
        walk.next()
    return result.as_json()


def compose_changes(first: object, second: object) -> Changes:
    """Return the change set that does what `first` and then `second` does.

    Raises BadChangesError if one is malformed or `second` does not begin where
    `first` ends.
    """
    one, two = _Walk(first), _Walk(second)
    result = _Sections()
    # The pieces of one replacement stay one replacement.
    is_open = False
    while not (one.is_done and two.is_done):
        if one.inserted == 0:
            result.add(one.length, b"", is_open=is_open)
            one.next()
        elif two.length == 0 and not two.is_done:
            result.add(0, two.text, is_open=is_open)
            two.next()
        elif one.is_done or two.is_done:
            raise BadChangesError
        else:
            is_open = _compose_piece(one, two, result, is_open=is_open)
    return result.as_json()


def _compose_piece(one: _Walk, two: _Walk, result: _Sections, *, is_open: bool) -> bool:
    """Compose a piece of the text between; say whether its replacement goes on."""
    size = min(one.new_length, two.length)
    count = len(result)
    removed = size if one.text is None else 0 if one.is_begun else one.length
    if two.text is not None:
        text = b"" if two.is_begun else two.text
        result.add(removed, text, is_open=is_open)
    elif one.text is None:
        result.add(size, None, is_open=is_open)
    else:
        result.add(removed, one.piece(size), is_open=is_open)
    goes_on = one.inserted > size or (two.is_changing and two.length > size)
    one.forward_new(size)
    two.forward(size)
    return goes_on and (is_open or len(result) > count)


def map_changes(changes: object, over: object, *, before: bool = False) -> Changes:
    """Return `changes` as they are after `over`, both made for the same text.

    Where both insert at one place, the text of `over` comes first unless `before`.
    Raises BadChangesError if one is malformed or their lengths differ.
    """
    mine, theirs = _Walk(changes), _Walk(over)
    result = _Sections()
    while not (mine.is_done and theirs.is_done):
        if (mine.is_done and theirs.length) or (theirs.is_done and mine.length):
            raise BadChangesError
        if mine.is_keeping and theirs.is_keeping:
            size = min(mine.length, theirs.length)
            result.add(size, None)
            mine.forward(size)
            theirs.forward(size)
        elif theirs.is_changing and _is_their_turn(mine, theirs, before=before):
            _pass_over(mine, theirs, result)
        elif mine.is_changing:
            _take_mine(mine, theirs, result)
        elif mine.is_keeping:
            # Theirs is over, so what is left of mine is empty.
            mine.next()
        else:
            theirs.next()
    return result.as_json()


def _is_their_turn(mine: _Walk, theirs: _Walk, *, before: bool) -> bool:
    """Say whose change comes first: by place, then by length, then by `before`."""
    if not mine.is_changing or mine.is_spent:
        return True
    if mine.is_begun:
        return False
    is_shorter = theirs.length < mine.length
    return is_shorter or (theirs.length == mine.length and not before)


def _pass_over(mine: _Walk, theirs: _Walk, result: _Sections) -> None:
    """Keep what they put in; what I put in where they removed goes behind it."""
    result.add(theirs.inserted, None)
    left = theirs.length
    while left:
        if mine.is_done:
            raise BadChangesError
        size = min(mine.length, left)
        if mine.is_changing and not mine.is_spent and mine.length <= size:
            result.add(0, mine.text)
            mine.is_spent = True
        mine.forward(size)
        left -= size
    theirs.next()


def _take_mine(mine: _Walk, theirs: _Walk, result: _Sections) -> None:
    """Take my change up to the next text they put in."""
    removed, left = 0, mine.length
    while left:
        if theirs.is_done:
            raise BadChangesError
        if theirs.is_keeping:
            size = min(left, theirs.length)
            removed += size
            left -= size
            theirs.forward(size)
        elif theirs.inserted == 0 and theirs.length < left:
            left -= theirs.length
            theirs.next()
        else:
            break
    result.add(removed, b"" if mine.is_spent else mine.text)
    mine.is_spent = True
    mine.forward(mine.length - left)
