"""What is done once a transaction is stored; it can not fail what is stored."""

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

_Parameters = ParamSpec("_Parameters")


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
