"""Which model the assistant speaks to, and whether it may speak at all."""

from dataclasses import dataclass, field, replace

from django.conf import settings
from django.utils.translation import gettext as _

from assistant.catalogue import AUTO, ModelFacts, read_catalogue, shipped_facts
from assistant.errors import NotConfiguredError
from assistant.keys import find_key
from interviews.enums import Policy
from interviews.models import AssessmentVersion

ANTHROPIC = "anthropic"
_SIMULATOR_KEY = "simulator"


@dataclass(frozen=True)
class Configuration:
    """How to reach the model; the simulator speaks the same protocol.

    `key_label` names the key in the ledger and in budgets; it is no secret. `facts`
    is what is known of the model, where somebody has looked it up.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    is_simulated: bool
    key_label: str = "simulator"
    provider: str = ANTHROPIC
    facts: ModelFacts | None = field(default=None, compare=False)

    def known_facts(self, model: str = "") -> ModelFacts:
        """Return what is known of its model, or of another one."""
        if self.facts is not None and model in ("", self.model):
            return self.facts
        return shipped_facts(model or self.model)


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
            model=_plain_model(settings.ANTHROPIC_MODEL),
            is_simulated=True,
        )
    key = find_key(ANTHROPIC)
    if key is None:
        raise NotConfiguredError(_("set ANTHROPIC_API_KEY"))
    return Configuration(
        base_url=settings.ANTHROPIC_BASE_URL,
        api_key=key.secret,
        model=_plain_model(settings.ANTHROPIC_MODEL),
        is_simulated=False,
        key_label=key.label,
    )


def _plain_model(name: str) -> str:
    """Return a model for what is asked before one is chosen; “auto” is none."""
    return read_catalogue().auto[-1].model if name == AUTO else name


def aim(configuration: Configuration, name: str) -> Configuration | None:
    """Return how to reach another model, named `model` or `gateway:model`.

    None where its gateway has no key. The simulator plays every model of Anthropic
    and stands in for no gateway.
    """
    gateway, model = split_model(name)
    if gateway == ANTHROPIC:
        return replace(configuration, model=model, facts=None)
    key = None if configuration.is_simulated else find_key(gateway)
    if key is None:
        return None
    return replace(
        configuration,
        base_url=read_gateways()[gateway],
        api_key=key.secret,
        key_label=key.label,
        model=model,
        provider=gateway,
        facts=None,
    )


def split_model(name: str) -> tuple[str, str]:
    """Return (provider, model); what is before a colon counts only as a gateway."""
    gateway, colon, model = name.partition(":")
    if colon and gateway in read_gateways():
        return gateway, model
    return ANTHROPIC, name


def read_gateways() -> dict[str, str]:
    """Return the addresses of other servers that speak the Messages API."""
    pairs = (item.partition("=") for item in settings.ASSISTANT_GATEWAYS)
    return {name.strip(): url.strip() for name, _equals, url in pairs if url.strip()}


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
