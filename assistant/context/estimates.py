"""How long a request is, without asking anybody."""

from assistant.context.store import read_items
from assistant.context.texts import estimate_tokens
from assistant.enums import ContextKind, MessageRole
from assistant.models import ContextRequest

# A picture takes as many tokens as about so much text.
IMAGE_CHARS = 8_000


def estimate_request(request: ContextRequest) -> int:
    """Estimate a request's input tokens without asking anybody.

    What the provider counted of the epoch's last answered question is exact; only
    what was added since is estimated.
    """
    counted, since = 0, 0
    for earlier in request.epoch.requests.filter(length__lt=request.length).order_by(
        "-length"
    ):
        answer = (
            earlier.turn.messages.select_related("usage")
            .filter(role=MessageRole.ASSISTANT, usage__isnull=False)
            .first()
        )
        if answer is not None and answer.usage is not None:
            usage = answer.usage
            counted = (
                usage.input_tokens
                + usage.cache_read_tokens
                + usage.cache_write_5m_tokens
                + usage.cache_write_1h_tokens
            )
            since = earlier.length
            break
    items = read_items(request.epoch, request.length)[since:]
    rest = sum(
        IMAGE_CHARS if item.kind == ContextKind.IMAGE else len(item.block.content)
        for item in items
    )
    if not counted:
        rest += len(request.epoch.system.content)
    return counted + estimate_tokens(rest)
