"""What a policy lets the assistant do in an interview, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings

from assistant.policies.texts import describe_policy
from interviews.enums import Policy
from interviews.models import AssessmentVersion, Interview

_READING = frozenset({"list_files", "read_file", "search", "ask_candidate"})
_PAIRING = _READING | {"propose_edit", "run_tests"}
TOOLS: Mapping[Policy, frozenset[str]] = {
    Policy.OFF: frozenset(),
    Policy.HINTS: _READING,
    Policy.PAIR: _PAIRING,
    Policy.AGENT: _PAIRING | {"run_command"},
}


@dataclass(frozen=True)
class Allowance:
    """The most of something: calls to a model, tokens (in and out), US dollars."""

    requests: int
    tokens: int
    cost_usd: Decimal


@dataclass(frozen=True)
class PolicyRules:
    """What holds for the assistant in one assessment version.

    `max_steps` counts calls to the model in one turn; `output_tokens` bounds what the
    model may write in one of them, `chain_tokens` in all. `hints` bounds the hints asked of a model in a section, 0
    where there is no ladder at all. With `applies_edits` an edit is written without
    the candidate, who may take it back. `text` is what the candidate reads, a sentence or
    two per line.
    """

    policy: Policy
    tools: frozenset[str]
    max_steps: int
    output_tokens: int
    chain_tokens: int
    asks_per_minute: int
    per_minute: Allowance
    per_turn: Allowance
    per_interview: Allowance
    has_hints: bool
    hints: int
    applies_edits: bool
    text: tuple[str, ...]


def rules_of(interview: Interview) -> PolicyRules:
    """Return the rules of an interview's assessment version."""
    return rules_of_version(interview.assessment_version)


def describe_rules(interview: Interview) -> tuple[str, ...]:
    """Return what a candidate reads of the assistant, line by line."""
    return rules_of(interview).text


def rules_of_version(version: AssessmentVersion) -> PolicyRules:
    """Return the rules; what the version says may lower a limit, never raise it."""
    policy = Policy(version.policy)
    limits = lowered(version.assistant_limits)
    has_hints = policy != Policy.OFF and version.has_hints
    applies_edits = policy == Policy.AGENT and version.applies_edits
    chain_tokens = _chain_tokens(policy, limits)
    steps = limits[f"steps_{policy}"] if policy != Policy.OFF else 0
    return PolicyRules(
        policy=policy,
        tools=TOOLS[policy],
        max_steps=steps,
        output_tokens=limits["output_tokens"],
        chain_tokens=chain_tokens,
        asks_per_minute=limits["asks_per_minute"],
        per_minute=_allowance(limits, "minute"),
        per_turn=_allowance(limits, "turn"),
        per_interview=_allowance(limits, "interview"),
        has_hints=has_hints,
        hints=limits["model_hints"] if has_hints else 0,
        applies_edits=applies_edits,
        text=describe_policy(
            policy,
            limits,
            chain_tokens=chain_tokens,
            has_hints=has_hints,
            applies_edits=applies_edits,
        ),
    )


def _chain_tokens(policy: Policy, limits: Mapping[str, Any]) -> int:
    """Return what the model may write for one question; never less than in one step."""
    if policy == Policy.OFF:
        return 0
    one = int(limits["output_tokens"])
    most = min(limits[f"chain_tokens_{policy}"], one * limits[f"steps_{policy}"])
    return max(one, int(most))


def lowered(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits with an assessment's own, where those are lower."""
    limits = dict(settings.LIMITS)
    for name, value in own.items():
        if name in limits:
            most = limits[name]
            limits[name] = min(most, type(most)(str(value)))
    return limits


def _allowance(limits: Mapping[str, Any], span: str) -> Allowance:
    return Allowance(
        requests=limits[f"{span}_requests"],
        tokens=limits[f"{span}_tokens"],
        cost_usd=limits[f"{span}_cost_usd"],
    )
