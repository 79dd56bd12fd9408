"""`create_organisation`: a company and its first owner."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email, validate_slug
from django.urls import reverse
from django.utils.text import slugify

from accounts.errors import AccountsError
from accounts.services.members import password_link
from accounts.services.organisations import CreatedOrganisation, create_organisation


class Command(BaseCommand):
    """Creates an organisation; running it again changes nothing."""

    help = "Create an organisation and its first owner, and say what to do next."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="the company's name")
        parser.add_argument(
            "--slug", help="short name in addresses; made from the name"
        )
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", default="")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the owner's password from standard input",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create it and print the next step."""
        slug = options["slug"] or slugify(options["name"])
        self._check(slug, options["owner_email"])
        password = (
            sys.stdin.readline().rstrip("\n") if options["password_stdin"] else None
        )
        try:
            created = create_organisation(
                options["name"],
                slug=slug,
                owner_email=options["owner_email"],
                owner_name=options["owner_name"],
                password=password,
            )
        except AccountsError as error:
            raise CommandError(str(error)) from error
        facts = _facts(created)
        if options["json"]:
            self.stdout.write(json.dumps(facts))
        else:
            self._print(created, facts)

    def _check(self, slug: str, email: str) -> None:
        try:
            validate_slug(slug)
        except ValidationError:
            raise CommandError(
                "Give a --slug of letters, digits and hyphens."
            ) from None
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"“{email}” is not an e-mail address.") from None

    def _print(self, created: CreatedOrganisation, facts: dict[str, Any]) -> None:
        done = "Created" if created.is_new else "Found, nothing changed:"
        self.stdout.write(f"{done} {created.organisation.name} ({facts['slug']}).")
        self.stdout.write(f"Owner: {facts['owner']}")
        if facts["password_url"]:
            self.stdout.write(
                f"Next: open this link to choose a password:\n  {facts['password_url']}"
            )
        self.stdout.write(f"Sign in: {facts['url']}")


def _facts(created: CreatedOrganisation) -> dict[str, Any]:
    owner = created.owner
    return {
        "organisation": created.organisation.pk,
        "slug": created.organisation.slug,
        "created": created.is_new,
        "owner": owner.email,
        "url": f"{settings.PUBLIC_URL}{reverse('admin:index')}",
        "password_url": None if owner.has_usable_password() else password_link(owner),
    }
