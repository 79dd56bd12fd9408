"""The chat's addresses below `/api/v1/`: ask, go on, stop, rate, and how it stands."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import Header, Query, Router

from assistant.acting import ask_turn, rate_answer, read_hello, stop_turn, tell_began
from assistant.api.access import candidate
from assistant.api.answers import stream_turn, wait_for_answer
from assistant.api.description import ANSWER_CONTENT, PROBLEMS
from assistant.api.schemas import (
    ChatAnswer,
    ChatQuestion,
    ChatState,
    MessageRating,
    NewRating,
    StopAccepted,
)
from assistant.api.sse import MEDIA_TYPE, stream_response
from assistant.errors import UnknownTurnError
from assistant.models import Turn
from assistant.selectors import find_turn
from assistant.services.replacing import Extras
from base.clock import now
from base.ids import new_uuid
from interviews.models import Interview

router = Router(auth=candidate, tags=["chat"])
_CHAT = "/interviews/{uuid:interview_id}/chat"
_Offset = Annotated[int, Query(ge=0, description="UTF-16 code units you have.")]
_LastEvent = Annotated[str, Header(alias="Last-Event-ID", pattern=r"^\d{0,10}$")]


class CandidateRequest(HttpRequest):
    """A request that `CandidateCookie` has let in."""

    auth: Interview


@router.get(_CHAT, response={200: ChatState, **PROBLEMS}, summary="How it stands")
async def show_chat(request: CandidateRequest, interview_id: UUID) -> HttpResponse:
    """Everything a page needs to show the chat; `hello` of the socket as JSON.

    Where `lives` has a turn, follow it from its `offset`.
    """
    hello = await read_hello(interview_id, None)
    body = {"server_time": now().isoformat(), **hello}
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


@router.post(
    _CHAT,
    response={200: ChatAnswer, **PROBLEMS},
    summary="Ask",
    openapi_extra=ANSWER_CONTENT,
)
async def ask_chat(
    request: CandidateRequest, interview_id: UUID, question: ChatQuestion
) -> HttpResponseBase:
    """Ask, and have the answer streamed or whole, as `Accept` says.

    The answer goes on when the connection ends; the same `id` again attaches to it.
    """
    turn, is_new = await ask_turn(
        interview_id,
        client_id=question.id or str(new_uuid()),
        text=question.message,
        conversation_id=question.chat_id,
        files=question.files,
        extras=Extras(question.replaces, tuple(question.images)),
    )
    if is_new:
        await tell_began(interview_id, turn.pk)
    return await _answer(request, turn, 0)


@router.get(
    f"{_CHAT}/turns/{{uuid:turn_id}}",
    response={200: ChatAnswer, **PROBLEMS},
    summary="Go on with an answer",
    openapi_extra=ANSWER_CONTENT,
)
async def follow_chat(
    request: CandidateRequest,
    interview_id: UUID,
    turn_id: UUID,
    offset: _Offset = 0,
    last_event: _LastEvent = "",
) -> HttpResponseBase:
    """The answer from `offset` on, or from `Last-Event-ID`; from any process."""
    turn = await database_sync_to_async(find_turn)(interview_id, turn_id)
    if turn is None:
        raise UnknownTurnError
    return await _answer(request, turn, int(last_event or offset))


async def _answer(
    request: CandidateRequest, turn: Turn, offset: int
) -> HttpResponseBase:
    offered = ["application/json", MEDIA_TYPE]
    if request.get_preferred_type(offered) == MEDIA_TYPE:
        events = stream_turn(request.auth, turn, offset)
        return stream_response(events, kind="chat_events")
    return await wait_for_answer(request.auth, turn)


@router.post(
    f"{_CHAT}/turns/{{uuid:turn_id}}/stop",
    response={202: StopAccepted, **PROBLEMS},
    summary="Stop an answer",
)
async def stop_chat(
    request: CandidateRequest, interview_id: UUID, turn_id: UUID
) -> HttpResponse:
    """Stop it, or take back a question that waits. Harmless after the end."""
    await stop_turn(interview_id, turn_id)
    return JsonResponse({"turn": str(turn_id)}, status=HTTPStatus.ACCEPTED)


@router.post(
    f"{_CHAT}/messages/{{uuid:message_id}}/rating",
    response={200: MessageRating, **PROBLEMS},
    summary="Rate an answer",
)
async def rate_chat(
    request: CandidateRequest, interview_id: UUID, message_id: UUID, rated: NewRating
) -> dict[str, Any]:
    """Keep what the candidate thinks of an answer."""
    await rate_answer(interview_id, message_id, rating=rated.rating)
    return {"message": message_id, "rating": rated.rating}
