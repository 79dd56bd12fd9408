"""What stands before the conversation: prompt, problem, policy, rules."""

from collections.abc import Sequence
from html import escape
from typing import Any

from django.utils.translation import get_language_info

from assistant.context.texts import RULES, TOOL_RULES, text_block
from assistant.models import PromptVersion
from assistant.policies.rules import rules_of
from assistant.policies.texts import describe_to_model
from assistant.services.prompts import fill_prompt
from interviews.enums import Policy
from interviews.models import AssessmentSection, Interview, ProblemVersion


def build_system(
    interview: Interview, prompt: PromptVersion, *, has_tools: bool = False
) -> list[dict[str, Any]]:
    """Return the system blocks for the section the candidate has open."""
    rules = f"{RULES}\n\n{TOOL_RULES}" if has_tools else RULES
    return [text_block(_fill(interview, prompt)), text_block(rules)]


def _fill(interview: Interview, prompt: PromptVersion) -> str:
    problem = current_problem(interview)
    values = prompt_values(interview, hints=problem.hints, problem=problem)
    return fill_prompt(prompt.text, values)


def current_problem(interview: Interview, section: int | None = None) -> ProblemVersion:
    """Return the problem of a section, of the one the candidate has open if none."""
    position = interview.section if section is None else section
    found = (
        AssessmentSection.objects.select_related("problem_version__problem")
        .filter(assessment_version_id=interview.assessment_version_id)
        .order_by("position")[position]
    )
    return found.problem_version


def prompt_values(
    interview: Interview,
    *,
    hints: Sequence[str],
    policy: Policy | None = None,
    section: int | None = None,
    problem: ProblemVersion | None = None,
) -> dict[str, str]:
    """Return what a wording for the candidate is filled with.

    `policy` takes the place of the assessment's own; `problem` is the section's, where
    the caller has read it.
    """
    problem = problem or current_problem(interview, section)
    assessment = interview.assessment_version
    rules = rules_of(interview)
    held = policy or rules.policy
    return {
        "policy": held,
        "policy_text": describe_to_model(
            held, steps=rules.max_steps, applies_edits=rules.applies_edits
        ),
        "language": get_language_info(assessment.language)["name"],
        "title": escape(problem.title),
        "difficulty": problem.difficulty,
        "problem_language": problem.language,
        "minutes": str(assessment.duration_minutes),
        "statement": problem.statement,
        "hints": "\n".join(
            f'<hint n="{number}">{hint}</hint>'
            for number, hint in enumerate(hints, start=1)
        ),
    }
