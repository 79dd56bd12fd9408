"""Taking one's own assessment: an interview that is neither recorded nor counted."""

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.services.audit import record_audit
from interviews.models import AssessmentVersion, Invitation
from interviews.services.invitations import invite_candidate
from interviews.tokens import make_token


@transaction.atomic
def create_preview(version: AssessmentVersion, *, actor: User) -> Invitation:
    """Make a preview interview for a member; nothing is mailed."""
    invitation = invite_candidate(
        version,
        email=actor.email,
        name=actor.name,
        invited_by=actor,
        send_mail=False,
        is_preview=True,
    )
    record_audit(
        actor,
        version.assessment.organisation,
        "assessment.previewed",
        version.assessment,
        {"number": version.number},
    )
    return invitation


def entry_path(invitation: Invitation) -> str:
    """Return the link's path, for a redirect on the site one is on."""
    return reverse("interviews:candidate-entry", args=[make_token(invitation)])
