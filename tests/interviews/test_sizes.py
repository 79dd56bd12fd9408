"""Sizes of files in words, as the room has them."""

import pytest

from interviews.templatetags.interview_text import file_size


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_200, "1.2 KB"),
        (12_000, "12 KB"),
        (999_499, "999 KB"),
        (999_500, "1 MB"),
        (9_500_000, "9.5 MB"),
        (5_000_000_000_000, "5000 GB"),
    ],
)
def test_file_size_is_in_words(size: int, words: str) -> None:
    assert file_size(size) == words
