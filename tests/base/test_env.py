"""Environment variables are read typed, or refused with their name."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from base.env import (
    env_bool,
    env_choice,
    env_file,
    env_int,
    env_list,
    env_path,
    env_str,
)

NAME = "INTERVIEWLM_TEST_VALUE"


def test_str_without_value_and_default_names_the_variable() -> None:
    with pytest.raises(ImproperlyConfigured, match=NAME):
        env_str(NAME)


def test_str_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "")

    assert env_str(NAME, "fallback") == "fallback"


def test_str_reads_the_secret_from_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))

    assert env_str(NAME) == "hidden"


def test_str_with_an_unreadable_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        env_str(NAME, "fallback")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("yes", True), ("ON", True), ("0", False), ("no", False)],
)
def test_bool(monkeypatch: pytest.MonkeyPatch, value: str, *, expected: bool) -> None:
    monkeypatch.setenv(NAME, value)

    assert env_bool(NAME, default=not expected) is expected


def test_wrong_values_are_refused_with_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(NAME, "perhaps")

    for read in (
        lambda: env_bool(NAME, default=True),
        lambda: env_int(NAME, 1),
        lambda: env_choice(NAME, ("a", "b"), "a"),
    ):
        with pytest.raises(ImproperlyConfigured, match=NAME):
            read()


def test_list_int_choice_and_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAME, " a, b ,,c ")
    assert env_list(NAME) == ["a", "b", "c"]
    monkeypatch.setenv(NAME, "12")
    assert env_int(NAME, 1) == 12
    assert env_choice(NAME, ("12",), "12") == "12"
    monkeypatch.setenv(NAME, str(tmp_path / ".." / tmp_path.name))
    assert env_path(NAME, Path("/")) == tmp_path.resolve()


def test_file_is_named_unless_the_variable_itself_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env_file(NAME) is None
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env_file(NAME) == tmp_path / "secret"
    monkeypatch.setenv(NAME, "plain")
    assert env_file(NAME) is None
