"""Offsets are UTF-16 code units, as in the browser."""

from hypothesis import given
from hypothesis import strategies as st

from base.text import content_hash, shorten, utf16_length, utf16_slice

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text, any_text)
def test_slice_undoes_concatenation(left: str, right: str) -> None:
    joined = left + right
    if (
        joined.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        == joined
    ):
        assert utf16_slice(joined, 0, utf16_length(left)) == left


def test_astral_character_counts_two() -> None:
    assert utf16_length("a😀b") == 4
    assert utf16_slice("a😀b", 3) == "b"


def test_hash_takes_lone_surrogates() -> None:
    assert content_hash("\ud800") != content_hash("\udfff")


def test_shorten_keeps_the_limit() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
