"""What this app registers with the lower ones, once the models are loaded."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from assistant import events as events
from assistant.configuration import find_obstacle
from assistant.policies.rules import describe_rules
from assistant.providers.clients import close_clients
from assistant.record import build_conversation_record, build_hint_record
from assistant.scoring.step import run_score_step
from assistant.services.metering import CHAT, HINT, SCORE
from assistant.turns.registry import stop_all
from base.detached import on_end, on_shutdown
from billing.purposes import register_purpose
from interviews.pipeline import register_step
from interviews.room_panels import register_record, register_rules
from interviews.services.invitations import register_obstacle

register_step("score", run_score_step, lease=timedelta(minutes=15))
register_record("conversation", build_conversation_record)
register_record("hints", build_hint_record)
register_rules("assistant", describe_rules)
register_obstacle(find_obstacle)
on_shutdown(stop_all)
on_end(close_clients)
register_purpose(CHAT, _("Assistant"))
register_purpose(HINT, _("Hints"))
register_purpose(SCORE, _("Scoring"))
