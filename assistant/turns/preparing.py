"""From a claimed turn to the request that is sent."""

from uuid import UUID

from django.conf import settings

from assistant.configuration import Configuration
from assistant.providers.claude import count_input
from assistant.providers.parts import ChatRequest
from assistant.services.requests import build_request, renew_epoch
from assistant.turns.threads import in_thread


async def prepare_request(turn_id: UUID, configuration: Configuration) -> ChatRequest:
    """Return what a turn sends; tokens are counted only where an epoch may be full."""
    prepared = await in_thread(build_request)(turn_id, configuration)
    if not prepared.is_large:
        return prepared.request
    counted = await count_input(configuration, prepared.request)
    if counted is not None and counted <= settings.LIMITS["epoch_tokens"]:
        return prepared.request
    return await in_thread(renew_epoch)(turn_id, configuration)
