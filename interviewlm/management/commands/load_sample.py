"""`manage.py load_sample`: the sample organisation, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from interviewlm.sample.content import ContentError
from interviewlm.sample.loader import load_sample
from interviewlm.sample.password import sample_password


class Command(BaseCommand):
    """Loads the sample; its people sign in with one generated password."""

    help = "Load the sample organisation. Repeating it changes nothing."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load and say what was done."""
        try:
            loaded = load_sample(password=sample_password())
        except ContentError as error:
            raise CommandError(str(error)) from error
        what = "loaded" if loaded.is_new else "is there already"
        self.stdout.write(f"{loaded.organisation.name} {what}.")
