"""What follows a commit can not fail it."""

import pytest
from django.db import transaction

from base.commits import after_commit, joined_atomic

pytestmark = pytest.mark.django_db(transaction=True)


def fail(_subject: str) -> None:
    raise OSError("the storage is away")


def test_failure_after_the_commit_is_logged_and_the_rest_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[str] = []
    with transaction.atomic():
        after_commit(fail, "a picture")
        after_commit(done.append, "the next")

    assert done == ["the next"]
    assert "the storage is away" in caplog.text


def test_nothing_is_done_after_a_rollback() -> None:
    done: list[str] = []
    with transaction.atomic():
        after_commit(done.append, "never")
        transaction.set_rollback(True)

    assert done == []


def test_refusal_in_a_joined_transaction_leaves_the_callers_one_usable() -> None:
    done: list[str] = []
    with transaction.atomic():
        with pytest.raises(OSError, match="away"), joined_atomic():
            fail("a refusal")
        with joined_atomic():
            after_commit(done.append, "the rest")
        assert done == []

    assert done == ["the rest"]


def test_joined_transaction_alone_is_one_of_its_own() -> None:
    done: list[str] = []

    def begin() -> None:
        with joined_atomic():
            after_commit(done.append, "never")
            fail("in the middle")

    with pytest.raises(OSError, match="away"):
        begin()

    assert done == []
