"""`score`: judge an interview again."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from interviews.enums import StepState
from interviews.models import PipelineStep
from interviews.pipeline import reset_step, run_step


class Command(BaseCommand):
    """Runs the step “score” of an ended interview here and now."""

    help = "Score an interview again; the earlier scorecards stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("interview", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the step and print how it ended."""
        step = PipelineStep.objects.filter(
            interview_id=options["interview"], name="score"
        ).first()
        if step is None:
            raise CommandError("There is no ended interview with this id.")
        # No worker is told, or it might take the step before this process does.
        reset_step(step)
        run_step(step.pk)
        step.refresh_from_db()
        if step.state != StepState.DONE:
            raise CommandError(f"{step.get_state_display()}: {step.message}")
        self.stdout.write(step.message)
