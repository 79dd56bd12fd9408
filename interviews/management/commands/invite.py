"""`invite`: one candidate to one assessment; prints the link."""

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.forms.utils import from_current_timezone
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from base.clock import now
from interviews.errors import NotInvitableError
from interviews.models import AssessmentVersion, Invitation
from interviews.services.invitations import (
    DEFAULT_WINDOW,
    invitation_url,
    invite_candidate,
    require_invitable,
)
from interviews.zones import check_zone, zone_of


class Command(BaseCommand):
    """Invites a candidate to the newest version of an assessment."""

    help = "Invite a candidate and print the link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--assessment", required=True, metavar="SLUG")
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--organisation", metavar="SLUG", default="")
        parser.add_argument(
            "--time-zone",
            default="",
            metavar="ZONE",
            help="the candidate's, like Europe/Berlin: for --opens, --closes, the mail",
        )
        parser.add_argument("--opens", metavar="TIME", help="like 2026-01-31T09:00")
        parser.add_argument(
            "--closes",
            "--expires",
            metavar="TIME",
            help="the last moment to begin; fourteen days after the opening unless given",
        )
        parser.add_argument(
            "--time-factor",
            default="1",
            metavar="N",
            help="from 1 to 4: 1.5 gives half as much time again",
        )
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
        window = _read_window(options)
        try:
            require_invitable(version)
        except NotInvitableError as error:
            raise CommandError(str(error)) from error
        invitation = invite_candidate(
            version,
            email=options["email"],
            name=options["name"],
            send_mail=not options["no_mail"],
            **window,
        )
        self._tell(invitation, as_json=options["json"])

    def _tell(self, invitation: Invitation, *, as_json: bool) -> None:
        url = invitation_url(invitation)
        if not as_json:
            self.stdout.write(url)
            return
        facts = {
            "url": url,
            "interview": str(invitation.interview.pk),
            "opens_at": invitation.opens_at.isoformat(),
            "expires_at": invitation.expires_at.isoformat(),
            "time_zone": invitation.time_zone,
            "time_factor": str(invitation.time_factor),
        }
        self.stdout.write(json.dumps(facts))

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


def _read_window(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return zone, factor, opening and closing. Raises CommandError."""
    zone = options["time_zone"]
    try:
        check_zone(zone)
        factor = Decimal(options["time_factor"])
    except ValidationError as error:
        raise CommandError(error.messages[0]) from error
    except InvalidOperation as error:
        raise CommandError("The time factor is no number.") from error
    if not (factor.is_finite() and 1 <= factor <= 4):
        raise CommandError("The time factor is from 1 to 4.")
    opens = _read_time(options["opens"], zone) or now()
    closes = _read_time(options["closes"], zone) or opens + DEFAULT_WINDOW
    if closes <= max(opens, now()):
        raise CommandError("The link would close before it opens, or is closed by now.")
    return {
        "opens_at": opens,
        "expires_at": closes,
        "time_zone": zone,
        "time_factor": factor,
    }


def _read_time(text: str | None, zone: str) -> datetime | None:
    """Return a time; without an offset of its own it is meant in the zone."""
    if not text:
        return None
    at = _parse(text)
    if at is None:
        raise CommandError(f"“{text}” is not a time; write it like 2026-01-31T09:00.")
    if at.tzinfo is not None:
        return at
    try:
        with timezone.override(zone_of(zone)):
            return from_current_timezone(at)
    except ValidationError as error:
        raise CommandError(error.messages[0]) from error


def _parse(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
