"""What goes to the model: system prompt, history within its budget, the user turn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from assistant.enums import MessageRole, TurnState
from assistant.models import Message, PromptVersion, Turn
from assistant.services.prompts import fill_prompt
from base.text import content_hash
from interviews.enums import Policy, RunKind, RunState
from interviews.models import (
    AssessmentSection,
    Document,
    DocumentVersion,
    Interview,
    Run,
)

FILE_CHARS = 20_000
FILES_CHARS = 60_000
TEST_OUTPUT_CHARS = 6_000
_CHARS_PER_TOKEN = 3.5
_TAGS = re.compile(
    r"<(\s*/\s*)?"
    r"(file|message|test_output|policy|problem|hints?|evidence|event|rubric)\b",
    re.IGNORECASE,
)

BRIEF = (
    "Answer in at most 120 words, with no more code than the question needs: the room "
    "for answers in this interview is nearly used up."
)

_POLICY_TEXTS = {
    Policy.HINTS: (
        "Give concepts, questions, hints and reviews of the candidate's own code. Do "
        "not write whole solutions or whole functions of the task, even when asked; "
        "a line or two of code to show an idea is fine."
    ),
    Policy.PAIR: (
        "Work as a pair: explain, propose and write code when asked, in steps small "
        "enough to be judged. Do not solve more than was asked for."
    ),
    Policy.AGENT: (
        "Work as an able colleague: plan, write and review code as asked. The "
        "candidate judges every edit."
    ),
}


@dataclass(frozen=True)
class SentFile:
    """A file as it went along with a message."""

    path: str
    version: int
    text: str
    is_cut: bool

    @property
    def hash(self) -> str:
        """The hash of what was sent."""
        return content_hash(self.text)


def defuse(text: str) -> str:
    """Make our own tags in somebody's text harmless, and leave the rest as it is."""
    return _TAGS.sub(r"&lt;\1\2", text)


def build_system(interview: Interview, prompt: PromptVersion) -> str:
    """Fill the chat prompt for the section the candidate has open."""
    section = (
        AssessmentSection.objects.select_related("problem_version__problem")
        .filter(assessment_version_id=interview.assessment_version_id)
        .order_by("position")[interview.section]
    )
    problem = section.problem_version
    assessment = interview.assessment_version
    hints = "\n".join(
        f'<hint n="{number}">{hint}</hint>'
        for number, hint in enumerate(problem.hints, start=1)
    )
    return fill_prompt(
        prompt.text,
        {
            "policy": assessment.policy,
            "policy_text": _POLICY_TEXTS[Policy(assessment.policy)],
            "language": get_language_info(assessment.language)["name"],
            "title": escape(problem.title),
            "difficulty": problem.difficulty,
            "problem_language": problem.language,
            "minutes": str(assessment.duration_minutes),
            "statement": problem.statement,
            "hints": hints,
        },
    )


def collect_files(interview: Interview, paths: Sequence[str]) -> list[SentFile]:
    """Return the acknowledged text of the named files, in order, within the budget."""
    found = {
        document.path: document
        for document in Document.objects.filter(interview=interview, path__in=paths)
    }
    sent: list[SentFile] = []
    left = FILES_CHARS
    for path in dict.fromkeys(paths):
        document = found.get(path)
        if document is None or left <= 0:
            continue
        text = document.text[: min(FILE_CHARS, left)]
        left -= len(text)
        sent.append(
            SentFile(path, document.version, text, len(text) < len(document.text))
        )
    return sent


def latest_test_run(interview: Interview) -> Run | None:
    """Return the last finished run of the visible tests in the open section."""
    return (
        Run.objects.filter(
            interview=interview,
            section=interview.section,
            kind=RunKind.TESTS,
            state=RunState.FINISHED,
        )
        .order_by("-created_at")
        .first()
    )


def build_user_turn(text: str, files: Sequence[SentFile], run: Run | None) -> str:
    """Return the candidate's message with files and test output between tags."""
    parts = [_file_block(file) for file in files]
    if run is not None:
        parts.append(_test_block(run))
    parts.append(f"<message>\n{defuse(text)}\n</message>")
    return "\n\n".join(parts)


def _file_block(file: SentFile) -> str:
    cut = ' cut="true"' if file.is_cut else ""
    return (
        f'<file path="{escape(file.path)}" version="{file.version}"{cut}>\n'
        f"{defuse(file.text)}\n</file>"
    )


def _test_block(run: Run) -> str:
    counts = ""
    if run.tests:
        passed = sum(1 for test in run.tests if test.get("outcome") == "passed")
        counts = f' passed="{passed}" failed="{len(run.tests) - passed}"'
    command = escape(" ".join(run.argv))
    return (
        f'<test_output command="{command}"{counts}>\n'
        f"{defuse(run.output[-TEST_OUTPUT_CHARS:])}\n</test_output>"
    )


def estimate_tokens(characters: int) -> int:
    """Return a rough upper figure: code has about 3.5 characters per token."""
    return int(characters / _CHARS_PER_TOKEN) + 1


def build_history(turn: Turn, budget: int) -> list[dict[str, Any]]:
    """Return earlier exchanges, oldest first, newest kept, within a budget of tokens.

    Only whole exchanges go along, so that roles alternate; an answer that was cut
    off is marked as such.
    """
    earlier = (
        Message.objects.filter(
            turn__conversation_id=turn.conversation_id,
            turn__created_at__lt=turn.created_at,
        )
        .select_related("turn")
        .order_by("-turn__created_at", "-role")
    )[: settings.LIMITS["history_messages"]]
    pairs: dict[object, dict[str, Message]] = {}
    for message in earlier:
        pairs.setdefault(message.turn_id, {})[message.role] = message
    history: list[dict[str, Any]] = []
    for pair in pairs.values():
        exchange = _exchange(pair)
        budget -= sum(estimate_tokens(len(item["content"])) for item in exchange)
        if budget < 0:
            break
        history = exchange + history
    return history


def _exchange(pair: dict[str, Message]) -> list[dict[str, Any]]:
    question = pair.get(MessageRole.USER)
    answer = pair.get(MessageRole.ASSISTANT)
    if question is None or answer is None or not answer.text.strip():
        return []
    text = answer.text
    if answer.turn.state != TurnState.FINISHED:
        text = f"{text}\n\n{_('[This answer was cut off.]')}"
    return [
        {"role": "user", "content": f"<message>\n{defuse(question.text)}\n</message>"},
        {"role": "assistant", "content": text},
    ]


def keep_sent_files(interview: Interview, files: Sequence[SentFile]) -> dict[str, str]:
    """Keep what was sent by its hash; return paths with hashes."""
    DocumentVersion.objects.bulk_create(
        [
            DocumentVersion(interview=interview, hash=file.hash, text=file.text)
            for file in files
        ],
        ignore_conflicts=True,
    )
    return {file.path: file.hash for file in files}
