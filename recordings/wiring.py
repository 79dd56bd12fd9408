"""What this app registers with the lower ones, once the models are loaded."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from billing.purposes import register_purpose
from interviews.blind_spots import register_blind_spots
from interviews.pipeline import register_step
from interviews.room_panels import register_panel, register_receipt, register_record
from recordings import events as events
from recordings import system_checks as system_checks
from recordings.panels import (
    build_panel,
    build_receipt,
    build_record,
    describe_missing,
)
from recordings.services.assembly import assemble_interview
from recordings.services.byte_days import STORAGE
from recordings.services.egress import EGRESS
from recordings.services.intake import STEP
from recordings.services.recorded_time import RECORDING

register_step(STEP, assemble_interview, lease=timedelta(minutes=5))
register_panel("recording", build_panel)
register_receipt("recording", build_receipt)
register_record("recording", build_record)
register_blind_spots("recording", describe_missing)
register_purpose(RECORDING, _("Recordings"))
register_purpose(STORAGE, _("Storage"))
register_purpose(EGRESS, _("Downloads"))
