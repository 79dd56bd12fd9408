"""Which model the assistant speaks to, and whether it may speak at all."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from assistant.errors import NotConfiguredError
from interviews.enums import Policy
from interviews.models import AssessmentVersion

_SIMULATOR_KEY = "simulator"


@dataclass(frozen=True)
class Configuration:
    """How to reach the model; the simulator speaks the same protocol.

    `key_label` names the key in the ledger and in budgets; it is no secret.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    score_model: str
    is_simulated: bool
    key_label: str = "simulator"


@dataclass(frozen=True)
class AssistantStatus:
    """What the back office and the checks say about the assistant."""

    is_available: bool
    is_simulated: bool
    message: str


def read_configuration() -> Configuration:
    """Return how to reach the model. Raises NotConfiguredError."""
    if settings.ASSISTANT_PROVIDER == "simulator":
        if not (settings.IS_DEVELOPMENT or settings.ASSISTANT_SIMULATOR_FORCED):
            raise NotConfiguredError(
                _(
                    "the simulator is for development only: set ANTHROPIC_API_KEY and "
                    "ASSISTANT_PROVIDER=anthropic"
                )
            )
        return Configuration(
            base_url=settings.ASSISTANT_SIMULATOR_URL,
            api_key=_SIMULATOR_KEY,
            model=settings.ANTHROPIC_MODEL,
            score_model=settings.ANTHROPIC_SCORE_MODEL,
            is_simulated=True,
        )
    if not settings.ANTHROPIC_API_KEY:
        raise NotConfiguredError(_("set ANTHROPIC_API_KEY"))
    return Configuration(
        base_url=settings.ANTHROPIC_BASE_URL,
        api_key=settings.ANTHROPIC_API_KEY,
        model=settings.ANTHROPIC_MODEL,
        score_model=settings.ANTHROPIC_SCORE_MODEL,
        is_simulated=False,
        key_label=settings.ANTHROPIC_KEY_LABEL,
    )


def find_obstacle(assessment_version: AssessmentVersion) -> str:
    """Say why nobody can be invited to an assessment with an assistant, or nothing."""
    status = read_status()
    if status.is_available or assessment_version.policy == Policy.OFF:
        return ""
    return status.message


def read_status() -> AssistantStatus:
    """Return whether the assistant can be asked, with a sentence for people."""
    try:
        configuration = read_configuration()
    except NotConfiguredError as error:
        return AssistantStatus(
            is_available=False,
            is_simulated=False,
            message=_("the assistant is not configured: %(mend)s")
            % {"mend": error.mend},
        )
    if configuration.is_simulated:
        return AssistantStatus(
            is_available=True,
            is_simulated=True,
            message=_("the assistant is simulated"),
        )
    return AssistantStatus(
        is_available=True, is_simulated=False, message=configuration.model
    )
