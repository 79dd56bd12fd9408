"""What this app registers, with itself and the lower ones, once the models are loaded."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from billing.purposes import register_purpose
from interviews.pipeline import register_step
from interviews.presence_record import build_presence_record
from interviews.room_panels import register_record
from interviews.services.hidden_tests import STEP_NAME, judge_interview
from interviews.services.metering import SANDBOX

register_step(STEP_NAME, judge_interview, lease=timedelta(minutes=5))
register_record("windows", build_presence_record)
register_purpose(SANDBOX, _("Sandbox"))
