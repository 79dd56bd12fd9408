"""The one permission table."""

import pytest

from accounts.enums import Role
from accounts.permissions import OBJECTS, TABLE, VIEW, allowed_verbs, is_allowed


def test_every_right_includes_seeing() -> None:
    blind = [
        (name, role)
        for name, line in TABLE.items()
        for role, verbs in line.items()
        if verbs and VIEW not in verbs
    ]
    assert blind == []


def test_owner_may_what_anybody_may() -> None:
    for name, line in TABLE.items():
        assert line[Role.OWNER] == frozenset().union(*line.values()), name


def test_finance_sees_no_candidate() -> None:
    seen = {name for name in OBJECTS if is_allowed(Role.FINANCE, VIEW, name)}
    assert seen == {"organisation", "cost", "budget", "spending"}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INTERVIEWER])
def test_reviewers_and_interviewers_see_no_money(role: Role) -> None:
    money = ("cost", "budget", "spending")
    assert [name for name in money if allowed_verbs(role, name)] == []


def test_unknown_object_is_an_error() -> None:
    with pytest.raises(KeyError):
        allowed_verbs("owner", "candidates")
    with pytest.raises(ValueError, match="not a valid Role"):
        allowed_verbs("boss", "candidate")
