"""What `doctor` asks about models: do they live, and are they what we think they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import anthropic
import httpx2
from django.conf import settings
from django.utils.dateparse import parse_datetime

from assistant.catalogue import AUTO, EFFORTS, ModelFacts, read_catalogue
from assistant.configuration import (
    ANTHROPIC,
    Configuration,
    read_configuration,
    split_model,
)
from assistant.enums import ModelPurpose
from assistant.errors import NotConfiguredError
from assistant.models import ModelChoice
from assistant.providers.breaker import Breaker
from assistant.providers.failures import FAILURES, translate_failure
from assistant.providers.key_health import read_health
from assistant.services.catalogue import assigned_model, find_facts
from base.clock import now
from base.readiness import Finding
from interviews.enums import InterviewState

# Long enough before a retirement to choose another model and to try it.
SOON = timedelta(days=60)
_SECONDS = 10.0
_UNENDED = (
    InterviewState.INVITED,
    InterviewState.PREPARING,
    InterviewState.ACTIVE,
)
_CHOOSE = "Choose another model: ANTHROPIC_MODEL, or “models of purposes” in the admin."
_COMPARE = "Compare with the provider's page; add a version of the model in the admin."


@dataclass(frozen=True)
class Doubt:
    """What is wrong with one model; `is_fatal` where calls to it fail."""

    model: str
    words: str
    is_fatal: bool = False
    mend: str = _CHOOSE


def models_in_use() -> list[str]:
    """Return every model of Anthropic that a call may go to: now, or for a cohort."""
    chosen = ModelChoice.objects.filter(
        assessment_version__interviews__state__in=_UNENDED
    ).values_list("model", flat=True)
    names = {
        *map(assigned_model, ModelPurpose.values),
        *settings.ASSISTANT_FALLBACK_MODELS,
        *chosen,
    }
    if AUTO in names:
        names |= {row.model for row in read_catalogue().auto}
    plain = (name for name in names if split_model(name)[0] == ANTHROPIC)
    return sorted(set(plain) - {AUTO})


def check_models() -> Finding:
    """Compare the models in use with the provider's own list, and with the calendar."""
    facts = [find_facts(name) for name in models_in_use()]
    doubts = [doubt for each in facts for doubt in _doubts_of_age(each)]
    try:
        offered = fetch_models(read_configuration())
    except NotConfiguredError:
        return _finding(doubts, f"{len(facts)} in use; no key to ask the provider with")
    except FAILURES as error:
        code = translate_failure(error).code
        message = f"The provider does not say which models it has ({code})."
        return Finding("warning", message, "Check the key and ANTHROPIC_BASE_URL.")
    for each in facts:
        doubts += _compare(each, offered.get(each.name))
    return _finding(doubts, f"{len(facts)} in use, {len(offered)} offered")


def _finding(doubts: Iterable[Doubt], fine: str) -> Finding:
    # The provider and our own table often say the same: once is enough.
    unique = list({(doubt.model, doubt.words): doubt for doubt in doubts}.values())
    if not unique:
        return Finding(message=fine)
    words = "; ".join(f"{doubt.model}: {doubt.words}" for doubt in unique)
    is_fatal = any(doubt.is_fatal for doubt in unique)
    mend = " ".join(dict.fromkeys(doubt.mend for doubt in unique))
    return Finding("failed" if is_fatal else "warning", f"{words}.", mend)


def fetch_models(configuration: Configuration) -> dict[str, Mapping[str, Any]]:
    """Return what the provider says of each of its models, by name.

    Raises what a call may raise (`FAILURES`).
    """
    with anthropic.Anthropic(
        api_key=configuration.api_key,
        base_url=configuration.base_url,
        timeout=httpx2.Timeout(_SECONDS),
        max_retries=1,
    ) as client:
        return {
            model.id: model.model_dump(mode="json")
            for model in client.models.list(limit=1000)
        }


def _doubts_of_age(facts: ModelFacts) -> list[Doubt]:
    return _judge_age(facts.name, facts.lifecycle, facts.retires_at)


def _judge_age(name: str, lifecycle: str, retires_at: datetime | None) -> list[Doubt]:
    if lifecycle == "retired" or (retires_at is not None and retires_at <= now()):
        return [Doubt(name, "retired: calls fail", is_fatal=True)]
    if retires_at is not None and retires_at - now() < SOON:
        days = (retires_at - now()).days
        return [Doubt(name, f"retires on {retires_at:%Y-%m-%d}, in {days} days")]
    if lifecycle == "deprecated":
        day = f", retires on {retires_at:%Y-%m-%d}" if retires_at else ""
        return [Doubt(name, f"deprecated{day}")]
    return []


def _compare(facts: ModelFacts, offered: Mapping[str, Any] | None) -> list[Doubt]:
    if offered is None:
        return [Doubt(facts.name, "not offered to this key", is_fatal=True)]
    retires_at = parse_datetime(offered.get("retires_at") or "")
    doubts = _judge_age(facts.name, offered.get("lifecycle") or "active", retires_at)
    wrong = [
        f"{what} {ours}, the provider says {theirs}"
        for what, ours, theirs in _differences(facts, offered)
    ]
    return doubts + [Doubt(facts.name, words, mend=_COMPARE) for words in wrong]


def _differences(
    facts: ModelFacts, offered: Mapping[str, Any]
) -> Iterable[tuple[str, object, object]]:
    """Yield what the provider tells of a model and we hold otherwise."""
    pairs: list[tuple[str, object, object]] = [
        ("context", facts.context_tokens, offered.get("max_input_tokens")),
        ("output", facts.output_tokens, offered.get("max_tokens")),
    ]
    told = offered.get("capabilities") or {}
    effort, thinking = told.get("effort"), (told.get("thinking") or {}).get("types")
    if effort:
        pairs.append(("effort", _listed(facts.effort), _supported(effort, EFFORTS)))
    if thinking:
        modes = _supported(thinking, sorted(thinking))
        pairs.append(("thinking", _listed(sorted(facts.thinking)), modes))
    outputs = told.get("structured_outputs")
    if outputs:
        theirs = bool(outputs.get("supported"))
        pairs.append(("structured outputs", facts.structured_outputs, theirs))
    return (pair for pair in pairs if pair[2] is not None and pair[1] != pair[2])


def _supported(told: Mapping[str, Any], names: Iterable[str]) -> str:
    return _listed([n for n in names if (told.get(n) or {}).get("supported")])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def check_keys() -> Finding:
    """Say which keys rest, and which models are held back by their breaker."""
    try:
        configuration = read_configuration()
    except NotConfiguredError:
        return Finding("failed", "There is no key.", "Set ANTHROPIC_API_KEY.")
    health = read_health(configuration)
    resting = [f"{each.label} ({each.code})" for each in health if each.code]
    states = {name: Breaker(ANTHROPIC, name).read_state() for name in models_in_use()}
    held = [f"{name} ({state})" for name, state in states.items() if state != "closed"]
    if not resting and not held:
        return Finding(message=f"{len(health)} keys")
    words = []
    if resting:
        words.append(f"Keys at rest: {', '.join(resting)}.")
    if held:
        words.append(f"Breakers not closed: {', '.join(held)}.")
    is_down = len(resting) == len(health)
    return Finding(
        "failed" if is_down else "warning",
        " ".join(words),
        "Wait; a key that is not accepted has to be replaced.",
    )
