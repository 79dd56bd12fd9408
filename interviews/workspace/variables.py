"""Which environment variables a run may be given, by name."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from interviews.workspace.errors import BadVariableError

MOST_VARIABLES = 10
MOST_VALUE_CHARS = 1_000
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,40}")
# What the sandbox sets itself, and what changes how programs are found or started.
_RESERVED = frozenset(
    {"BASH_ENV", "ENV", "HOME", "IFS", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHELL"}
    | {"SHLVL", "TERM", "TMPDIR", "USER"}
)
_RESERVED_STARTS = ("LD_", "GLIBC_")


def check_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as they are. Raises BadVariableError with the reason."""
    if len(variables) > MOST_VARIABLES:
        raise BadVariableError(
            _("A run takes at most %(count)d variables.") % {"count": MOST_VARIABLES}
        )
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise BadVariableError(
                _("The name of a variable is capital letters, digits and “_”: %(name)s")
                % {"name": name[:60]}
            )
        if name in _RESERVED or name.startswith(_RESERVED_STARTS):
            raise BadVariableError(
                _("This variable belongs to the sandbox: %(name)s") % {"name": name}
            )
        if len(value) > MOST_VALUE_CHARS or "\0" in value:
            raise BadVariableError(
                _("The value is longer than %(count)d characters: %(name)s")
                % {"count": MOST_VALUE_CHARS, "name": name}
            )
    return dict(variables)
