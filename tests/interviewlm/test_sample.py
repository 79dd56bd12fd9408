"""The sample leaves existing people alone, and the demo's link always opens."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from assistant.services.prompts import import_shipped_prompts
from base.clock import now
from interviewlm.sample.content import load_organisation
from interviewlm.sample.links import demo_links
from interviewlm.sample.loader import load_sample
from interviews.models import Invitation
from interviews.services.invitations import find_by_link, revoke_invitation
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SAMPLE_PASSWORD = "a long enough password"


def load() -> None:
    import_shipped_prompts()
    load_sample(password=SAMPLE_PASSWORD)


def assert_link_opens() -> None:
    link = dict(demo_links())["Take an interview"]
    find_by_link(link.rstrip("/").rpartition("/")[2])


def test_sample_keeps_the_password_of_somebody_who_has_one() -> None:
    first, second = load_organisation().people[:2]
    UserFactory.create(email=first.email)

    load()

    assert User.objects.get(email=first.email).check_password(PASSWORD)
    assert User.objects.get(email=second.email).check_password(SAMPLE_PASSWORD)


def test_demo_link_opens_after_the_others_were_revoked() -> None:
    load()
    for invitation in Invitation.objects.filter(interview__started_at=None):
        revoke_invitation(invitation)

    assert_link_opens()


def test_demo_link_opens_after_the_others_have_expired() -> None:
    load()
    with time_machine.travel(now() + timedelta(days=365), tick=False):
        assert_link_opens()
