"""What two wordings look like beside each other."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.differences import Line, Part, compare, unified

texts = st.text(alphabet="ab \n{<é", max_size=60)


def words(line: Line) -> str:
    return "".join(part.text for part in line.parts)


def test_changed_words_are_marked() -> None:
    removed, added = compare("Be brief and kind.", "Be brief and exact.")

    assert removed == Line(
        "removed", (Part("Be brief and "), Part("kind", True), Part(".")), before=1
    )
    assert added == Line(
        "added", (Part("Be brief and "), Part("exact", True), Part(".")), after=1
    )


def test_lines_with_little_in_common_are_not_picked_apart() -> None:
    lines = compare("Alpha beta gamma delta", "Write in one two three four")

    assert [line.kind for line in lines] == ["removed", "added"]
    assert not any(part.is_marked for line in lines for part in line.parts)


def test_what_is_the_same_is_shortened_to_three_lines_around() -> None:
    before = [f"line {n}" for n in range(20)]
    after = [*before[:10], "new", *before[10:]]

    lines = compare("\n".join(before), "\n".join(after))

    assert [line.kind for line in lines] == (
        ["gap"] + ["same"] * 3 + ["added"] + ["same"] * 3 + ["gap"]
    )
    assert (lines[0].count, lines[-1].count) == (7, 7)
    assert (lines[1].before, lines[-2].after) == (8, 14)


def test_same_texts_have_no_difference() -> None:
    assert compare("a\nb", "a\nb") == []
    assert unified("a\nb", "a\nb", names=("one", "two")) == ""


@given(texts, texts)
def test_nothing_of_either_text_is_lost(before: str, after: str) -> None:
    lines = compare(before, after)

    for kind, text in (("removed", before), ("added", after)):
        whole = text.splitlines()
        at = "before" if kind == "removed" else "after"
        for line in lines:
            number = getattr(line, at)
            if number is not None:
                assert words(line) == whole[number - 1]
        hidden = sum(line.count for line in lines)
        shown = sum(getattr(line, at) is not None for line in lines)
        assert not lines or shown + hidden == len(whole)
