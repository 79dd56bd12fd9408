"""What stands before the conversation: prompt, problem, policy, rules."""

from html import escape
from typing import Any

from django.utils.translation import get_language_info

from assistant.context.texts import RULES, text_block
from assistant.models import PromptVersion
from assistant.services.prompts import fill_prompt
from interviews.enums import Policy
from interviews.models import AssessmentSection, Interview

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


def build_system(interview: Interview, prompt: PromptVersion) -> list[dict[str, Any]]:
    """Return the system blocks for the section the candidate has open."""
    return [text_block(_fill(interview, prompt)), text_block(RULES)]


def _fill(interview: Interview, prompt: PromptVersion) -> str:
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
