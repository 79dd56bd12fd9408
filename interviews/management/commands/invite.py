"""`invite`: one candidate to one assessment; prints the link."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from interviews.errors import NotInvitableError
from interviews.models import AssessmentVersion
from interviews.services.invitations import (
    invitation_url,
    invite_candidate,
    require_invitable,
)


class Command(BaseCommand):
    """Invites a candidate to the newest version of an assessment."""

    help = "Invite a candidate and print the link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--assessment", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--organisation", metavar="SLUG", default="")
        parser.add_argument("--no-mail", action="store_true", help="send no mail")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Invite and print."""
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(
                f"“{options['email']}” is not an e-mail address."
            ) from error
        version = self._find(options["assessment"], options["organisation"])
        try:
            require_invitable(version)
        except NotInvitableError as error:
            raise CommandError(str(error)) from error
        invitation = invite_candidate(
            version,
            email=options["email"],
            name=options["name"],
            send_mail=not options["no_mail"],
        )
        url = invitation_url(invitation)
        if options["json"]:
            facts = {
                "url": url,
                "interview": str(invitation.interview.pk),
                "expires_at": invitation.expires_at.isoformat(),
            }
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write(url)

    def _find(self, slug: str, organisation: str) -> AssessmentVersion:
        found = AssessmentVersion.objects.filter(
            assessment__slug=slug, assessment__is_archived=False
        ).order_by("-number")
        if organisation:
            found = found.filter(assessment__organisation__slug=organisation)
        owners = found.values_list("assessment__organisation__slug", flat=True)
        names = sorted(set(owners))
        if not names:
            raise CommandError(f"There is no assessment “{slug}”.")
        if len(names) > 1:
            raise CommandError(
                f"Several organisations have “{slug}”: add --organisation with one of "
                f"{', '.join(names)}."
            )
        return found.select_related("assessment__organisation")[0]
