"""`prompts`: wordings listed, shown, brought in, compared, put into use, compared live."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.differences import unified
from assistant.enums import ActivationKind, ExperimentState
from assistant.errors import AssistantError
from assistant.models import Prompt, PromptExperiment, PromptVersion
from assistant.results import FEW, VariantResult, read_results
from assistant.services.activation import (
    activate_prompt,
    create_draft,
    find_previous,
    roll_back_prompt,
)
from assistant.services.experiments import (
    change_weights,
    create_experiment,
    discard_experiment,
    start_experiment,
    stop_experiment,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.variables import find_faults, find_variables


def read_share(text: str) -> tuple[int, int]:
    """Read a version with its weight as 4=2; raises ArgumentTypeError."""
    number, separator, weight = text.partition("=")
    if separator and number.isdecimal() and weight.isdecimal():
        return int(number), int(weight)
    raise ArgumentTypeError(f"“{text}” is not VERSION=WEIGHT, like 4=2.")


class Command(BaseCommand):
    """Does what the prompt pages of the back office do; each action is one service."""

    help = "List, show, import, compare, activate and roll back prompts; experiments."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        _add(actions, "list", "every prompt, its versions and what is in use")
        _add(actions, "show", "a version's text", "prompt", "?version")
        importing = _add(
            actions, "import", "a file as a draft; without one the shipped"
        )
        importing.add_argument("prompt", nargs="?")
        importing.add_argument("file", nargs="?", type=Path)
        importing.add_argument("--note", default="", help="what changed")
        _add(actions, "diff", "how two versions differ", "prompt", "before", "after")
        activating = _add(actions, "activate", "put into use", "prompt", "version")
        rolling = _add(actions, "rollback", "put into use what was before", "prompt")
        for one in (activating, rolling):
            one.add_argument("--reason", default="", help="why, for whoever asks")
        self._add_experiments(actions)

    def _add_experiments(self, actions: Any) -> None:
        experiment = actions.add_parser("experiment", help="wordings compared live")
        steps = experiment.add_subparsers(dest="step", required=True)
        _add(steps, "list", "every experiment")
        creating = _add(steps, "create", "set one up", "prompt", "name")
        weighing = _add(steps, "weights", "weigh anew, for new interviews", "name")
        for one in (creating, weighing):
            one.add_argument(
                "shares", nargs="+", type=read_share, metavar="VERSION=WEIGHT"
            )
        _add(steps, "start", "assign interviews from now on", "name")
        _add(steps, "results", "what came of it", "name")
        stopping = _add(steps, "stop", "assign nobody any more", "name")
        stopping.add_argument("--winner", type=int, help="the version to put into use")
        stopping.add_argument("--reason", default="", help="why, for whoever asks")
        _add(steps, "discard", "delete one that never ran", "name")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked and print it."""
        name = f"experiment_{options['step']}" if "step" in options else ""
        do = getattr(self, f"_{name or options['action']}")
        try:
            facts, lines = do(options)
        except AssistantError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(facts) if options["json"] else "\n".join(lines))

    def _list(self, _options: Any) -> tuple[Any, list[str]]:
        prompts = Prompt.objects.prefetch_related("versions").select_related("active")
        facts: list[dict[str, Any]] = [
            {
                "prompt": prompt.slug,
                "purpose": prompt.purpose,
                "active": prompt.active.number if prompt.active else None,
                "versions": [
                    _version_facts(version, prompt) for version in prompt.versions.all()
                ],
            }
            for prompt in prompts
        ]
        lines = [
            line
            for fact in facts
            for line in (
                f"{fact['prompt']} ({fact['purpose']})",
                *(
                    f"  v{one['number']}  {one['state']}  {one['note']}".rstrip()
                    for one in fact["versions"]
                ),
            )
        ]
        return facts, lines

    def _show(self, options: Any) -> tuple[Any, list[str]]:
        prompt = _find_prompt(options["prompt"])
        number = options["version"]
        version = _find_version(prompt, number) if number else prompt.active
        if version is None:
            raise CommandError(f"No version of “{prompt}” is in use.")
        facts = _version_facts(version, prompt) | {
            "text": version.text,
            "variables": find_variables(version.text),
            "faults": find_faults(prompt.purpose, version.text),
        }
        return facts, [version.text]

    def _import(self, options: Any) -> tuple[Any, list[str]]:
        if options["prompt"] is None:
            count = import_shipped_prompts()
            return {"imported": count}, [f"Shipped versions added: {count}."]
        if options["file"] is None:
            raise CommandError("Name the file with the text.")
        text = _read(options["file"])
        prompt = _find_prompt(options["prompt"])
        version = create_draft(prompt, text=text, note=options["note"], actor=None)
        return _version_facts(version, prompt), [f"{version} is a draft."]

    def _diff(self, options: Any) -> tuple[Any, list[str]]:
        prompt = _find_prompt(options["prompt"])
        before = _find_version(prompt, options["before"])
        after = _find_version(prompt, options["after"])
        text = unified(before.text, after.text, names=(str(before), str(after)))
        facts = {"before": before.number, "after": after.number, "diff": text}
        return facts, [text or "The texts are the same."]

    def _activate(self, options: Any) -> tuple[Any, list[str]]:
        prompt = _find_prompt(options["prompt"])
        version = _find_version(prompt, options["version"])
        is_new = activate_prompt(
            version,
            actor=None,
            reason=options["reason"],
            kind=ActivationKind.CHOSEN,
        )
        facts = {"prompt": prompt.slug, "active": version.number, "changed": is_new}
        return facts, [f"{version} is in use{'' if is_new else ' already'}."]

    def _rollback(self, options: Any) -> tuple[Any, list[str]]:
        prompt = _find_prompt(options["prompt"])
        version = roll_back_prompt(prompt, actor=None, reason=options["reason"])
        before = find_previous(_find_prompt(prompt.slug))
        facts = {
            "prompt": prompt.slug,
            "active": version.number,
            "previous": before.number if before else None,
        }
        return facts, [f"{version} is in use again."]

    def _experiment_list(self, _options: Any) -> tuple[Any, list[str]]:
        experiments = PromptExperiment.objects.select_related("prompt")
        facts = [
            _experiment_facts(one)
            for one in experiments.prefetch_related("variants__version")
        ]
        return facts, [_say_experiment(one) for one in facts]

    def _experiment_create(self, options: Any) -> tuple[Any, list[str]]:
        prompt = _find_prompt(options["prompt"])
        experiment = create_experiment(
            prompt,
            name=options["name"],
            weights=_find_weights(prompt, options["shares"]),
            actor=None,
        )
        return _told(experiment)

    def _experiment_weights(self, options: Any) -> tuple[Any, list[str]]:
        experiment = _find_experiment(options["name"])
        weights = _find_weights(experiment.prompt, options["shares"])
        change_weights(experiment, weights=weights, actor=None)
        return _told(experiment)

    def _experiment_start(self, options: Any) -> tuple[Any, list[str]]:
        experiment = _find_experiment(options["name"])
        start_experiment(experiment, actor=None)
        return _told(experiment)

    def _experiment_stop(self, options: Any) -> tuple[Any, list[str]]:
        experiment = _find_experiment(options["name"])
        number = options["winner"]
        stop_experiment(
            experiment,
            winner=_find_version(experiment.prompt, number) if number else None,
            actor=None,
            reason=options["reason"],
        )
        return _told(experiment)

    def _experiment_discard(self, options: Any) -> tuple[Any, list[str]]:
        experiment = _find_experiment(options["name"])
        discard_experiment(experiment, actor=None)
        return {"discarded": options["name"]}, [f"{options['name']} is deleted."]

    def _experiment_results(self, options: Any) -> tuple[Any, list[str]]:
        experiment = _find_experiment(options["name"])
        results = read_results(experiment)
        facts = _experiment_facts(experiment)
        facts |= {"results": [_result_facts(one) for one in results]}
        lines = [_say_experiment(facts), *(_say_result(one) for one in results)]
        if any(one.is_small for one in results):
            lines.append(f"Fewer than {FEW} interviews in a variant: conclude nothing.")
        return facts, lines


def _add(actions: Any, name: str, words: str, *arguments: str) -> ArgumentParser:
    """Declare an action; an argument with a question mark may be left out."""
    parser: ArgumentParser = actions.add_parser(name, help=words)
    for argument in arguments:
        is_number = argument.strip("?") in {"version", "before", "after"}
        parser.add_argument(
            argument.strip("?"),
            nargs="?" if argument.startswith("?") else None,
            type=int if is_number else str,
        )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no text in UTF-8.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def _find_prompt(slug: str) -> Prompt:
    prompt = Prompt.objects.select_related("active").filter(slug=slug).first()
    if prompt is None:
        raise CommandError(f"There is no prompt “{slug}”.")
    return prompt


def _find_version(prompt: Prompt, number: int) -> PromptVersion:
    version = prompt.versions.select_related("prompt").filter(number=number).first()
    if version is None:
        raise CommandError(f"“{prompt}” has no version {number}.")
    return version


def _find_experiment(name: str) -> PromptExperiment:
    found = PromptExperiment.objects.select_related("prompt").filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no experiment “{name}”.")
    return found


def _find_weights(
    prompt: Prompt, shares: list[tuple[int, int]]
) -> dict[PromptVersion, int]:
    return {_find_version(prompt, number): weight for number, weight in shares}


def _version_facts(version: PromptVersion, prompt: Prompt) -> dict[str, Any]:
    state = "draft" if version.is_draft else "fixed"
    return {
        "prompt": prompt.slug,
        "number": version.number,
        "state": "in use" if prompt.active_id == version.pk else state,
        "note": version.note,
        "created_at": version.created_at.isoformat(),
    }


def _told(experiment: PromptExperiment) -> tuple[Any, list[str]]:
    facts = _experiment_facts(_find_experiment(experiment.name))
    return facts, [_say_experiment(facts)]


def _experiment_facts(experiment: PromptExperiment) -> dict[str, Any]:
    started, stopped = experiment.started_at, experiment.stopped_at
    return {
        "name": experiment.name,
        "prompt": experiment.prompt.slug,
        "state": ExperimentState(experiment.state).value,
        "started_at": started.isoformat() if started else None,
        "stopped_at": stopped.isoformat() if stopped else None,
        "weights": {
            str(variant.version.number): variant.weight
            for variant in experiment.variants.all()
        },
    }


def _say_experiment(facts: dict[str, Any]) -> str:
    weights = ", ".join(f"v{number} {n}" for number, n in facts["weights"].items())
    return f"{facts['name']}: {facts['prompt']}, {facts['state']} ({weights})"


def _result_facts(result: VariantResult) -> dict[str, Any]:
    return {
        "version": result.variant.version.number,
        "weight": result.variant.weight,
        "interviews": result.interviews,
        "turns": result.turns,
        "simulated": result.simulated,
        "first_token_ms": {
            "p50": result.first_token_p50,
            "p95": result.first_token_p95,
            "of": result.timed,
        },
        "cost_usd": f"{result.cost_usd:f}",
        "unknown_costs": result.unknown_costs,
        "failed": _share_facts(result.failed),
        "thumbs_up": _share_facts(result.thumbs),
        "score": {"median": result.score_median, "of": result.scored},
        "few": result.is_small,
    }


def _share_facts(share: Any) -> dict[str, Any]:
    low, high = share.interval
    return {
        "count": share.count,
        "of": share.total,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def _say_result(result: VariantResult) -> str:
    failed, thumbs = result.failed, result.thumbs
    unknown = f" + {result.unknown_costs} unknown" if result.unknown_costs else ""
    return (
        f"  v{result.variant.version.number}: {result.interviews} interviews, "
        f"{result.turns} turns, first token {result.first_token_p50} / "
        f"{result.first_token_p95} ms, {result.cost_usd:,.4f} USD{unknown}, "
        f"failed {failed.count}/{failed.total}, thumbs up {thumbs.count}/{thumbs.total}, "
        f"score {result.score_median} of {result.scored}"
    )
