"""The database and the sample organisation, made by the product's own commands."""

import io
import logging
import os
import sys
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error as DatabaseError
from django.db import connections

from tools.bootstrap.console import SetupError, timed

FRESH = "To start with fresh data, add RESET=1 to the command."


def set_up_django(root: Path) -> None:
    """Load settings and apps from the environment that was prepared."""
    os.chdir(root)
    sys.path.insert(0, str(root))
    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise SetupError(str(error), "Correct that and run it again.") from error
    logging.getLogger().setLevel(logging.ERROR)


def prepare_database() -> None:
    """Bring the tables up to date."""
    with timed("Preparing the database"):
        _command("migrate", interactive=False)


def load_sample() -> None:
    """Load what is not there yet of the sample organisation."""
    with timed("Loading the sample organisation"):
        _command("load_sample")
    connections.close_all()


def _command(name: str, **options: object) -> None:
    try:
        call_command(name, verbosity=0, stdout=io.StringIO(), **options)
    except (CommandError, DatabaseError, OSError) as error:
        raise SetupError(f"{name} failed: {error}", FRESH) from error
