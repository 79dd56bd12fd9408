"""`manage.py web`: the web process."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from interviewlm import web
from interviewlm.asgi import application


class Command(BaseCommand):
    """Serves HTTP and sockets with the server that WEB_SERVER names."""

    help = "Serve HTTP and sockets until SIGTERM or Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        """Serve."""
        try:
            web.serve(application, server=settings.WEB_SERVER, host=host, port=port)
        except web.CannotListenError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port}: the port is in use or not allowed. "
                "Choose another with --port."
            ) from error
