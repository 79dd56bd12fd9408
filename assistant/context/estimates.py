"""How long a request is, without asking anybody."""

from collections.abc import Sequence

from django.db.models import F

from assistant.context.texts import estimate_tokens
from assistant.enums import ContextKind, MessageRole
from assistant.models import ContextItem, ContextRequest, Message

# A picture takes as many tokens as about so much text.
IMAGE_CHARS = 8_000


def estimate_request(request: ContextRequest, items: Sequence[ContextItem]) -> int:
    """Estimate a request's input tokens without asking anybody; `items` are its own.

    What the provider counted of the epoch's last answered question is exact; only
    what was added since is estimated.
    """
    answered = (
        Message.objects.filter(
            role=MessageRole.ASSISTANT,
            usage__isnull=False,
            turn__requests__epoch=request.epoch_id,
            turn__requests__length__lt=request.length,
        )
        .annotate(since=F("turn__requests__length"))
        .select_related("usage")
        .order_by("-since")
        .first()
    )
    counted, since = 0, 0
    if answered is not None and answered.usage is not None:
        usage, since = answered.usage, answered.since
        counted = (
            usage.input_tokens
            + usage.cache_read_tokens
            + usage.cache_write_5m_tokens
            + usage.cache_write_1h_tokens
        )
    rest = sum(
        IMAGE_CHARS if item.kind == ContextKind.IMAGE else len(item.block.content)
        for item in items[since:]
    )
    if not counted:
        rest += len(request.epoch.system.content)
    return counted + estimate_tokens(rest)
