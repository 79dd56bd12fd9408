"""A policy and its limits in the candidate's words, and in the model's."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interviews.enums import Policy

# The model's half: what a wording of the chat prompt is given as its policy.
_MODEL_TEXTS: Mapping[Policy, str] = {
    Policy.HINTS: (
        "Give concepts, questions, hints and reviews of the candidate's own code. Do "
        "not write whole solutions or whole functions of the task, in any language, "
        "in one piece or in several, even when asked; a line or two of code to show an "
        "idea is fine. More than four lines of code in an answer are not shown to the "
        "candidate."
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
_APPLYING = (
    "Work as an able colleague: plan, write and review code as asked. An edit you "
    "propose is applied at once, without asking the candidate, who sees it and may take "
    "it back; the call's result says what was written. Keep edits small and say what "
    "they do."
)


def describe_to_model(
    policy: Policy, *, steps: int, applies_edits: bool = False
) -> str:
    """Return what a model reads of a policy; English, and the same for every turn."""
    text = _MODEL_TEXTS[policy]
    if policy == Policy.HINTS:
        return text
    if policy == Policy.AGENT and applies_edits:
        text = _APPLYING
    return f"{text} At most {steps} steps (calls of tools in a row) go to one question."


def describe_policy(
    policy: Policy,
    limits: Mapping[str, Any],
    *,
    chain_tokens: int,
    has_hints: bool,
    applies_edits: bool = False,
) -> tuple[str, ...]:
    """Return what a candidate reads of a policy and its limits, line by line."""
    if policy == Policy.OFF:
        return (_("There is no assistant in this interview."),)
    return (
        *_describe_doing(policy, limits),
        *_describe_writing(policy, applies_edits=applies_edits),
        *_describe_limits(limits, chain_tokens, has_hints),
    )


def _describe_writing(policy: Policy, *, applies_edits: bool) -> list[str]:
    if policy == Policy.HINTS:
        return []
    if applies_edits:
        return [
            _(
                "It writes its edits into your files without asking you first. You see "
                "each one, and take it back with one click while its lines are unchanged."
            )
        ]
    return [_("Nothing is written into your files until you accept it.")]


def _describe_doing(policy: Policy, limits: Mapping[str, Any]) -> list[str]:
    if policy == Policy.HINTS:
        return [
            _("It explains ideas, asks questions and reviews code you wrote."),
            _(
                "It does not write the solution: longer code is left out of its "
                "answers, and the answer says so."
            ),
        ]
    if policy == Policy.PAIR:
        return [
            _(
                "It works with you as a pair: it may read your files, propose edits "
                "and run the tests."
            )
        ]
    return [
        _(
            "It works as a colleague: it may read your files, propose edits, run tests "
            "and commands in the sandbox."
        ),
        ngettext(
            "It takes %(count)d step for one question and waits where you must decide.",
            "It may take up to %(count)d steps for one question, and waits where you "
            "must decide.",
            limits["steps_agent"],
        )
        % {"count": limits["steps_agent"]},
    ]


def _describe_limits(
    limits: Mapping[str, Any],
    chain_tokens: int,
    has_hints: bool,  # noqa: FBT001 -- one fact of the version
) -> list[str]:
    asks = limits["asks_per_minute"]
    lines = [
        ngettext(
            "You can ask %(count)d question a minute.",
            "You can ask up to %(count)d questions a minute.",
            asks,
        )
        % {"count": asks},
        _describe_length(limits["output_tokens"], chain_tokens),
    ]
    if has_hints:
        lines.append(
            _("There are hints for each problem. Each one you take is on record.")
        )
    return lines


def _describe_length(one: int, chain_tokens: int) -> str:
    if chain_tokens <= one:
        return _("An answer has at most about %(words)d words.") % {
            "words": _words(one)
        }
    return _(
        "It writes at most about %(words)d words at a time, and about %(sum)d for one "
        "question, its edits and all other steps included."
    ) % {"words": _words(one), "sum": _words(chain_tokens)}


def _words(tokens: int) -> int:
    """Return about how many English words so many tokens are, in round figures."""
    words = tokens * 0.75
    step = 50 if words < 1000 else 500
    return max(step, round(words / step) * step)
