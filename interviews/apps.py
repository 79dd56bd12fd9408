"""The interviews app."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InterviewsConfig(AppConfig):
    """Interviews from the invitation to the decision."""

    name = "interviews"
    verbose_name = _("Interviews")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register this app's step of the pipeline."""
        from interviews.pipeline import register_step  # noqa: PLC0415 -- needs the models loaded
        from interviews.services.hidden_tests import (  # noqa: PLC0415 -- the same
            STEP_NAME,
            judge_interview,
        )

        register_step(STEP_NAME, judge_interview, lease=timedelta(minutes=5))
