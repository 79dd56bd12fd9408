"""What the composing app registers with the apps below, once the models are loaded."""

from billing.services.alerts import register_alert_handler
from interviewlm.budget_alerts import tell_people

register_alert_handler(tell_people)
