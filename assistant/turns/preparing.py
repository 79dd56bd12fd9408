"""From a claimed turn to the request that is sent."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from assistant.configuration import Configuration
from assistant.enums import MessageRole
from assistant.models import Message
from assistant.providers.claude import count_input
from assistant.providers.parts import ChatRequest
from assistant.services.attachments import image_blocks
from assistant.services.requests import ReadImages, build_request, renew_epoch
from assistant.turns.threads import in_thread


class _PicturesWantedError(Exception):
    """A question has pictures, which are read before anything is locked."""


async def prepare_request(turn_id: UUID, configuration: Configuration) -> ChatRequest:
    """Return what a turn sends; tokens are counted only where an epoch may be full.

    Pictures are read by a thread of their own: a storage that takes its time keeps no
    other turn waiting. Raises PictureNotReadError.
    """
    return await _with_pictures(turn_id, partial(_prepare, turn_id, configuration))


async def shorten_request(
    turn_id: UUID, configuration: Configuration, *, step: int
) -> ChatRequest:
    """Return the question in a new epoch, as a further step of its turn.

    What was refused stays as it was sent. Raises PictureNotReadError.
    """

    async def shorten(read_images: ReadImages) -> ChatRequest:
        request: ChatRequest = await in_thread(renew_epoch)(
            turn_id, configuration, read_images=read_images, step=step
        )
        return request

    return await _with_pictures(turn_id, shorten)


async def _with_pictures(
    turn_id: UUID, prepare: Callable[[ReadImages], Awaitable[ChatRequest]]
) -> ChatRequest:
    try:
        return await prepare(_want)
    except _PicturesWantedError:
        read = database_sync_to_async(_read_images, thread_sensitive=False)
        images = await read(turn_id)
        return await prepare(lambda _message: images)


def _want(_message: Message) -> NoReturn:
    raise _PicturesWantedError


def _read_images(turn_id: UUID) -> Sequence[dict[str, Any]]:
    return image_blocks(Message.objects.get(turn=turn_id, role=MessageRole.USER))


async def _prepare(
    turn_id: UUID, configuration: Configuration, read_images: ReadImages
) -> ChatRequest:
    build = partial(build_request, read_images=read_images)
    prepared = await in_thread(build)(turn_id, configuration)
    if not prepared.is_large:
        return prepared.request
    counted = await count_input(configuration, prepared.request)
    if counted is not None and counted <= settings.LIMITS["epoch_tokens"]:
        return prepared.request
    renew = partial(renew_epoch, read_images=read_images)
    return await in_thread(renew)(turn_id, configuration)
