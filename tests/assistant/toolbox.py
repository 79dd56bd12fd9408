"""An interview with files, and tools called in it, for tests."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from assistant.policies.rules import TOOLS
from assistant.services.prompts import import_shipped_prompts
from assistant.tools import catalogue
from assistant.tools.base import ToolContext, ToolOutcome
from assistant.tools.calls import run_tool
from base.text import content_hash
from interviews.enums import InterviewState, Policy
from interviews.models import Document, Interview
from tests.factories.interviews import InterviewFactory


def make_interview(policy: str = Policy.AGENT) -> Interview:
    """A running interview without files."""
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, invitation__assessment_version__policy=policy
    )
    Document.objects.filter(interview=made).delete()
    return made


def folder_of(interview: Interview) -> str:
    """The folder of its first section."""
    section = interview.assessment_version.sections.first()
    assert section is not None
    return str(section.folder)


def write(interview: Interview, name: str, text: str) -> str:
    """Put a file into the first section's folder; return its path."""
    path = f"{folder_of(interview)}/{name}"
    Document.objects.update_or_create(
        interview=interview,
        path=path,
        defaults={"text": text, "hash": content_hash(text), "size": len(text)},
    )
    return path


async def call(
    interview: Interview, name: str, given: dict[str, Any] | None, **known: Any
) -> ToolOutcome:
    """Call a tool as the model would, under the interview's policy."""
    policy = interview.assessment_version.policy
    context = ToolContext(
        turn_id=uuid4(),
        interview_id=interview.pk,
        conversation_id=uuid4(),
        policy=policy,
        step=0,
        call_id="toolu_1",
    )
    allowed = known.get("allowed", TOOLS[Policy(policy)])
    return await run_tool(context, name, given, allowed=allowed)


def roles(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who speaks, message by message."""
    return [message["role"] for message in messages]


async def wait_for_ever(_context: ToolContext, _asked: object) -> ToolOutcome:
    """The work of a tool that never ends."""
    await asyncio.Event().wait()
    return ToolOutcome("never")


def set_tool(
    monkeypatch: pytest.MonkeyPatch, name: str, work: Any, **known: Any
) -> None:
    """Have a tool do something else."""
    tool = replace(catalogue.CATALOGUE[name], work=work, **known)
    monkeypatch.setitem(catalogue.CATALOGUE, name, tool)


amake_interview = sync_to_async(make_interview)
awrite = sync_to_async(write)
