"""`models`: what is known of them, which serves what, and another one for a cohort."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assistant.enums import ModelPurpose
from assistant.model_checks import models_in_use
from assistant.models import ModelAssignment, ModelVersion
from assistant.services.catalogue import assigned_model, find_facts, open_cohort
from interviews.models import Assessment, AssessmentVersion


class Command(BaseCommand):
    """Lists models and chooses among them; nothing that is running changes its own."""

    help = "List models, assign one to a purpose, open a cohort with another one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the actions."""
        parser.add_argument("--json", action="store_true", dest="as_json")
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every model, and which serves what")
        assigning = actions.add_parser("assign", help="for cohorts from now on")
        cohort = actions.add_parser("cohort", help="for an assessment's new interviews")
        cohort.add_argument("assessment", help="slug of the assessment")
        cohort.add_argument("--organisation", default="", help="slug, where it matters")
        for one in (assigning, cohort):
            one.add_argument("purpose", choices=ModelPurpose.values)
            one.add_argument("model", help="name, gateway:name, or auto")
        assigning.add_argument("--note", default="", help="why")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked and print it."""
        facts = getattr(self, f"_{options['action']}")(options)
        if options["as_json"]:
            self.stdout.write(json.dumps(facts, indent=2))
            return
        for name, value in facts.items():
            rows = value if isinstance(value, list) else [value]
            for row in rows:
                self.stdout.write(f"{name}: {row}")

    def _list(self, _options: dict[str, Any]) -> dict[str, Any]:
        used = set(models_in_use())
        names = set(ModelVersion.objects.order_by().values_list("name", flat=True))
        return {
            "purpose": [
                {"purpose": value, "model": assigned_model(value)}
                for value in ModelPurpose.values
            ],
            "model": [
                {**find_facts(name).model_dump(mode="json"), "in_use": name in used}
                for name in sorted(names | used)
            ],
        }

    def _assign(self, options: dict[str, Any]) -> dict[str, Any]:
        made = ModelAssignment.objects.create(
            purpose=options["purpose"], model=options["model"], note=options["note"]
        )
        return {"assigned": str(made)}

    def _cohort(self, options: dict[str, Any]) -> dict[str, Any]:
        assessments = Assessment.objects.filter(slug=options["assessment"])
        if options["organisation"]:
            assessments = assessments.filter(organisation__slug=options["organisation"])
        if assessments.count() != 1:
            raise CommandError(
                f"There are {assessments.count()} assessments “{options['assessment']}”; "
                "name one, with --organisation if need be."
            )
        version = (
            AssessmentVersion.objects.filter(assessment=assessments[0])
            .select_related("assessment__organisation")
            .latest("number")
        )
        choice = open_cohort(
            version, purpose=options["purpose"], model=options["model"], actor=None
        )
        return {"cohort": str(choice)}
