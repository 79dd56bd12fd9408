"""`spending`: the kill switch, for one organisation or for the whole installation."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organisation
from billing.models import Account
from billing.services.kill_switch import switch_off, switch_on
from billing.services.stops import find_stop
from billing.services.windows import INSTALLATION


class Command(BaseCommand):
    """Stops and resumes spending; doing it again changes nothing more."""

    help = "Stop every call to a provider, allow them again, or say which it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action", choices=["stop", "resume", "status"])
        parser.add_argument(
            "--organisation",
            metavar="SLUG",
            help="this one only; without it the whole installation",
        )
        parser.add_argument("--reason", default="", help="why, for whoever asks")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it and say what holds now."""
        slug = options["organisation"]
        payer = _find_payer(slug) if slug else INSTALLATION
        if options["action"] == "stop":
            switch_off(payer, reason=options["reason"], actor=None)
        elif options["action"] == "resume":
            switch_on(payer, actor=None)
        found = _read_states() if not slug else [_state_of(slug, payer)]
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        for state in found:
            self.stdout.write(_say(state))


def _find_payer(slug: str) -> str:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        raise CommandError(f"There is no organisation “{slug}”.")
    return str(organisation.pk)


def _read_states() -> list[dict[str, Any]]:
    """Return the installation's state, then each organisation's that is stopped."""
    stopped = set(
        Account.objects.filter(stopped_at__isnull=False).values_list("payer", flat=True)
    )
    return [
        _state_of(None, INSTALLATION),
        *(
            _state_of(organisation.slug, str(organisation.pk))
            for organisation in Organisation.objects.order_by("slug")
            if str(organisation.pk) in stopped
        ),
    ]


def _state_of(slug: str | None, payer: str) -> dict[str, Any]:
    stop = find_stop(payer)
    return {
        "organisation": slug,
        "stopped": stop is not None,
        "everybody": stop is not None and stop.payer == INSTALLATION,
        "since": stop.stopped_at.isoformat() if stop and stop.stopped_at else None,
        "reason": stop.stop_reason if stop else "",
    }


def _say(state: dict[str, Any]) -> str:
    name = state["organisation"] or "The whole installation"
    if not state["stopped"]:
        return f"{name}: spending is allowed."
    by = " with the whole installation" if state["everybody"] else ""
    own = by if state["organisation"] else ""
    reason = f" Reason: {state['reason']}" if state["reason"] else ""
    return f"{name}: stopped{own} since {state['since']}.{reason}"
