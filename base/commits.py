"""What is stored together, and what is done once it is: that can not fail it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from django.db import connection, transaction

_Parameters = ParamSpec("_Parameters")


@contextmanager
def joined_atomic() -> Iterator[None]:
    """Make one transaction of this, or a part of the one there is, with no savepoint.

    For what refuses before it writes: unlike with `atomic(savepoint=False)`, a refusal
    leaves the caller's transaction as good as it was. A savepoint costs two statements.
    """
    if connection.in_atomic_block:
        yield
    else:
        with transaction.atomic():
            yield


def after_commit(
    work: Callable[_Parameters, object],
    *arguments: _Parameters.args,
    **named: _Parameters.kwargs,
) -> None:
    """Call `work` after the commit; what it raises is logged and goes no further.

    Not as a `partial`: Django asks what failed for its `__qualname__`, and raises where
    there is none.
    """

    def call() -> None:
        work(*arguments, **named)

    transaction.on_commit(call, robust=True)
