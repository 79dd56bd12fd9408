"""The tools there are: schema, work, time; in the one order they are told in.

Order, words and schemas are part of what the provider caches: a change opens a new
epoch in every conversation. Which policy has which is `assistant.policies.rules`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assistant.policies.rules import TOOLS as TOOLS_OF_POLICIES
from assistant.services.proposals import propose_edit
from assistant.services.questions import ask_candidate
from assistant.tools import inputs
from assistant.tools.base import ToolContext, ToolFunction, ToolInput, ToolOutcome
from assistant.tools.reading import list_files, read_file, search
from assistant.tools.running import (
    EXTRA_SECONDS,
    STOP_SECONDS,
    run_command,
    run_tests,
)
from assistant.tools.schemas import ToolInput as InputShape
from assistant.tools.schemas import strict_schema
from interviews.enums import Policy

# Longer than any run, the place in the line and its end included.
_RUN_SECONDS = 60.0 + EXTRA_SECONDS + STOP_SECONDS + 5.0


@dataclass(frozen=True)
class Tool:
    """One tool. `is_reading`: it changes nothing and may work beside others.

    `title` is what people read, with one place for what `subject` names of the input.
    """

    name: str
    description: str
    shape: type[InputShape]
    work: ToolFunction
    title: Promise
    subject: str = ""
    seconds: float = 10.0
    is_reading: bool = False
    is_long: bool = False

    def describe(self) -> dict[str, Any]:
        """Return the tool as the provider is told of it."""
        told: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "input_schema": strict_schema(self.shape),
            "strict": True,
        }
        # Long inputs come as they are written: a stream that is silent would be cut.
        return told | ({"eager_input_streaming": True} if self.is_long else {})

    def name_call(self, given: Mapping[str, Any]) -> str:
        """Return what a call does, in words for people."""
        title = str(self.title)
        return (
            title % {"it": _subject_of(given, self.subject)} if self.subject else title
        )


def _subject_of(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if name == "edits" and isinstance(value, list):
        paths = [str(one.get("path", "")) for one in value if isinstance(one, Mapping)]
        value = ", ".join(paths)
    text = " ".join(str(value if isinstance(value, str) else "").split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def _propose_edit(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    return propose_edit(context, asked["edits"], asked["summary"])


def _ask_candidate(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    return ask_candidate(
        context, asked["question"], asked["options"], asked["allows_several"]
    )


_ALL = (
    Tool(
        "list_files",
        "Name the files of the candidate's workspace.",
        inputs.ListFiles,
        list_files,
        _("Looked at the list of files"),
        is_reading=True,
    ),
    Tool(
        "read_file",
        "Read a text file of the workspace as it is now, or some of its lines.",
        inputs.ReadFile,
        read_file,
        _("Read %(it)s"),
        "path",
        is_reading=True,
    ),
    Tool(
        "search",
        "Find the lines of the workspace's files that hold a text or match a regular "
        "expression. Each is told as path:line: text.",
        inputs.Search,
        search,
        _("Searched for “%(it)s”"),
        "text",
        is_reading=True,
    ),
    Tool(
        "ask_candidate",
        "Ask the candidate a question with answers to choose from, where you can not "
        "go on without knowing. The answer comes with a later message.",
        inputs.AskCandidate,
        _ask_candidate,
        _("Asked a question"),
    ),
    Tool(
        "propose_edit",
        "Propose a change of one or more files, shown to the candidate as a diff. "
        "It is written once they accept it, or at once where the policy says so. Quote "
        "the old text exactly.",
        inputs.ProposeEdit,
        _propose_edit,
        _("Proposed a change of %(it)s"),
        "edits",
        is_long=True,
    ),
    Tool(
        "run_tests",
        "Run the visible tests of the open problem on the files as they are now. "
        "Proposed edits are not in them until they are written.",
        inputs.RunTests,
        run_tests,
        _("Ran the tests"),
        seconds=_RUN_SECONDS,
    ),
    Tool(
        "run_command",
        "Run a line of shell in the candidate's sandbox, in the problem's folder. No "
        "network. Files it changes stay changed.",
        inputs.RunCommand,
        run_command,
        _("Ran %(it)s"),
        "command",
        seconds=_RUN_SECONDS,
    ),
)
CATALOGUE: Mapping[str, Tool] = {tool.name: tool for tool in _ALL}


@cache
def tools_of(policy: str) -> list[dict[str, Any]]:
    """Return the tools of a policy as the provider is told, always in this order.

    The same list for all: nobody changes it.
    """
    names = TOOLS_OF_POLICIES[Policy(policy)]
    return [tool.describe() for tool in _ALL if tool.name in names]


def name_call(name: str, given: Mapping[str, Any]) -> str:
    """Return what a call does, in words for people, also of a tool there is none of."""
    tool = CATALOGUE.get(name)
    return (
        str(_("Tried something it can not do"))
        if tool is None
        else tool.name_call(given)
    )
