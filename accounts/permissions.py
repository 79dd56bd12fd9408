"""The one permission table: role × object × verb.

Admin pages, the review desk, sockets and the API all ask `is_allowed`; the
tenancy tests are generated from `TABLE`. Objects are words of the glossary, not
model names, so that one line speaks for a model and for the pages about it.
"""

from collections.abc import Mapping

from accounts.enums import Role

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
_EDIT = frozenset({VIEW, ADD, CHANGE, DELETE})
_READ = frozenset({VIEW})
_NONE: frozenset[str] = frozenset()
_CONDUCT = frozenset(
    {VIEW, "extend", "reopen", "cancel", "ask", "watch", "watch_any", "type"}
)

_O, _R, _V, _I, _F = (
    Role.OWNER,
    Role.RECRUITER,
    Role.REVIEWER,
    Role.INTERVIEWER,
    Role.FINANCE,
)

TABLE: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "organisation": {
        _O: frozenset({VIEW, CHANGE}),
        _R: _READ,
        _V: _READ,
        _I: _READ,
        _F: _READ,
    },
    "membership": {_O: _EDIT, _R: _READ},
    "audit": {_O: _READ},
    "outbox": {_O: frozenset({VIEW, "retry"}), _R: frozenset({VIEW, "retry"})},
    "problem": {_O: _EDIT, _R: _EDIT, _V: _READ, _I: _READ},
    "assessment": {
        _O: _EDIT | {"preview"},
        _R: _EDIT | {"preview"},
        _V: _READ,
        _I: _READ,
    },
    "rubric": {_O: _EDIT, _R: _EDIT, _V: _READ, _I: _READ},
    "candidate": {_O: _EDIT, _R: _EDIT, _V: _READ, _I: _READ},
    "invitation": {
        _O: frozenset({VIEW, ADD, "resend", "revoke"}),
        _R: frozenset({VIEW, ADD, "resend", "revoke"}),
        _V: _READ,
    },
    # "watch" is for the interviews one was asked to watch, "watch_any" for all of them.
    # Reviewers see everything of an interview but take no part in it: no "type".
    "interview": {
        _O: _CONDUCT,
        _R: _CONDUCT,
        _V: frozenset({VIEW, "watch", "watch_any"}),
        _I: frozenset({VIEW, "watch", "type"}),
    },
    # "download" takes a copy out of our hands; reviewers watch here.
    "recording": {
        _O: frozenset({VIEW, "download"}),
        _R: frozenset({VIEW, "download"}),
        _V: _READ,
    },
    "scorecard": {
        _O: frozenset({VIEW, "rescore", "decide"}),
        _R: frozenset({VIEW, "rescore", "decide"}),
        _V: frozenset({VIEW, "decide"}),
    },
    "pipeline": {
        _O: frozenset({VIEW, "retry"}),
        _R: frozenset({VIEW, "retry"}),
        _V: _READ,
    },
    "problem_report": {_O: frozenset({VIEW, CHANGE}), _R: frozenset({VIEW, CHANGE})},
    "conversation": {_O: _READ, _R: _READ, _V: _READ},
    "prompt": {_O: _READ},
    # How calls to models went; what was sent is of "conversation".
    "model_call": {_O: _READ},
    "cost": {_O: _READ, _R: _READ, _F: _READ},
    "budget": {_O: _EDIT, _R: _READ, _F: _EDIT},
    "spending": {
        _O: frozenset({VIEW, "stop", "resume"}),
        _R: _READ,
        _F: frozenset({VIEW, "stop", "resume"}),
    },
}

OBJECTS = tuple(TABLE)


def allowed_verbs(role: str, object_name: str) -> frozenset[str]:
    """Return what `role` may do with `object_name`; an unknown object is an error."""
    return TABLE[object_name].get(Role(role), _NONE)


def is_allowed(role: str, verb: str, object_name: str) -> bool:
    """Say whether `role` may do `verb` with `object_name`."""
    return verb in allowed_verbs(role, object_name)
