"""Blocks and items in the database, and requests made of them again."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from assistant.context.caching import marked
from assistant.enums import ContextKind, MessageRole
from assistant.models import (
    ContextBlock,
    ContextEpoch,
    ContextItem,
    ContextRequest,
    Turn,
)
from base.statements import insert_absent, insert_rows
from base.text import content_hash, utf16_slice
from interviews.models import Interview

Messages = list[dict[str, Any]]
# Stands between what is said before tools run and after.
PARTING = "\n\n"


@dataclass(frozen=True)
class Draft:
    """A block about to be added; `path` and `hash` as in ContextItem."""

    turn_id: UUID
    role: str
    kind: str
    block: Mapping[str, Any]
    path: str = ""
    hash: str = ""


def encode(content: object) -> str:
    """Return the one spelling content is kept in; the order of keys is kept."""
    return json.dumps(content, separators=(",", ":"))


def keep_contents(
    interview_id: UUID, contents: Iterable[object], *, is_known: bool = False
) -> list[int]:
    """Keep each content once per interview; return the keys of its rows, in order.

    Where it most likely `is_known`, that is looked at first.
    """
    encoded = [encode(content) for content in contents]
    hashes = [content_hash(text) for text in encoded]
    texts = dict(zip(hashes, encoded, strict=True))
    rows = _find_blocks(interview_id, texts) if is_known else {}
    rows |= insert_absent(
        [
            ContextBlock(interview_id=interview_id, hash=found, content=text)
            for found, text in texts.items()
            if found not in rows
        ],
        "hash",
    )
    # Another one may have kept them meanwhile.
    rows |= _find_blocks(interview_id, texts.keys() - rows.keys())
    return [rows[found] for found in hashes]


def _find_blocks(interview_id: UUID, hashes: Collection[str]) -> dict[str, int]:
    found = ContextBlock.objects.filter(interview=interview_id, hash__in=hashes)
    return dict(found.values_list("hash", "pk")) if hashes else {}


def append_items(
    epoch: ContextEpoch,
    interview_id: UUID,
    drafts: Sequence[Draft],
    *,
    start: int | None = None,
) -> int:
    """Add blocks at the end of an epoch; return how many items it has now.

    `start` is how many it has before, where the caller knows.
    """
    if start is None:
        last = epoch.items.order_by("position").values_list("position").last()
        start = 0 if last is None else last[0] + 1
    if not drafts:
        return start
    keys = keep_contents(interview_id, [draft.block for draft in drafts])
    insert_rows(
        [
            ContextItem(
                epoch=epoch,
                position=start + number,
                turn_id=draft.turn_id,
                role=draft.role,
                kind=draft.kind,
                block_id=key,
                path=draft.path,
                hash=draft.hash,
            )
            for number, (draft, key) in enumerate(zip(drafts, keys, strict=True))
        ]
    )
    return start + len(drafts)


def newest_request(turn: Turn) -> ContextRequest | None:
    """Return a turn's last call with its epoch; None where nothing was sent."""
    requests = ContextRequest.objects.select_related("epoch").filter(turn=turn)
    return requests.order_by("step").last()


def append_answer(
    turn: Turn,
    request: ContextRequest | None,
    *,
    is_last: bool,
    text: str,
    model: str,
    blocks: Sequence[Mapping[str, Any]],
    is_whole: bool,
) -> None:
    """Add what was answered to the epoch that asked, so that the next turn sends it.

    `request` is the turn's last call and `is_last` says that nothing was added since.
    `text` is what was shown in the whole turn; what that call said of it is added. Thinking goes along as it came, where the answer is whole and the epoch's
    own model thought it: the provider accepts it from no other and refuses what was
    changed. An answer without words leaves its question as it is, and so does one
    that ends after a later question was sent.
    """
    if request is None or not is_last:
        return
    said = said_since(text, request.shown)
    if not said.strip():
        return
    is_kept = is_whole and is_same_model(request.epoch.model, model)
    sealed = _sealed(blocks, said) if is_kept else None
    drafts = [
        Draft(turn.pk, MessageRole.ASSISTANT, ContextKind.ANSWER, block)
        for block in sealed or [{"type": "text", "text": said}]
    ]
    interview_id = turn.conversation.interview_id
    append_items(request.epoch, interview_id, drafts, start=request.length)


def said_since(text: str, shown: int) -> str:
    """Return what was said after `shown` code units, less the line that parts it."""
    return utf16_slice(text, shown).removeprefix(PARTING) if shown else text


def is_newest(request: ContextRequest) -> bool:
    """Say whether nothing was added to its epoch since."""
    later = ContextItem.objects.filter(
        epoch=request.epoch_id, position__gte=request.length
    )
    return not later.exists()


def is_same_model(asked: str, answered: str) -> bool:
    """Say whether a model answered under its own name, or that with its date."""
    rest = answered.removeprefix(asked)
    is_dated = rest.startswith("-") and len(rest) == 9 and rest[1:].isdigit()
    return answered == asked or (rest != answered and is_dated)


def _sealed(
    blocks: Sequence[Mapping[str, Any]], text: str
) -> list[Mapping[str, Any]] | None:
    """Return an answer's blocks to be sent back, or None where only its text can be."""
    kinds = {"text", "thinking", "redacted_thinking"}
    said = "".join(block["text"] for block in blocks if block.get("type") == "text")
    sealed = all(
        block.get("signature") for block in blocks if block.get("type") == "thinking"
    )
    if said != text or not sealed or any(b.get("type") not in kinds for b in blocks):
        return None
    return [b for b in blocks if b["type"] != "text" or b["text"].strip()]


def read_items(epoch: ContextEpoch, length: int | None = None) -> list[ContextItem]:
    """Return the first `length` items of an epoch with their blocks, or all."""
    items = epoch.items.select_related("block").order_by("position")
    return list(items if length is None else items[:length])


def read_sent(interview: Interview) -> dict[UUID, list[str]]:
    """Return what each question added to its epoch, as text, by turn.

    The system prompt is not part of it: that is the company's.
    """
    items = ContextItem.objects.filter(
        epoch__conversation__interview=interview,
        turn__requests__step=0,
        epoch=F("turn__requests__epoch"),
        position__gte=F("epoch__kept"),
        role=MessageRole.USER,
    )
    sent: dict[UUID, list[str]] = {}
    for item in items.select_related("block").order_by("epoch", "position"):
        text = _text_of(json.loads(item.block.content))
        sent.setdefault(item.turn_id, []).append(text)
    return sent


def _text_of(block: Mapping[str, Any]) -> str:
    """Return what of a block can be read: its text, or what a tool gave."""
    return str(block.get("text") or block.get("content") or f"[{block['type']}]")


def rebuild_request(
    turn: Turn, step: int = 0, *, items: Sequence[ContextItem] | None = None
) -> dict[str, Any]:
    """Return what a turn sent in one of its calls, to the byte.

    `items` are those of the call, where they are read already. Tools, system, messages, and how it was asked. Raises ContextRequest.DoesNotExist
    for what was never sent.
    """
    request = ContextRequest.objects.select_related(
        "epoch__system", "epoch__tools"
    ).get(turn=turn, step=step)
    shape, epoch = request.shape, request.epoch
    system = json.loads(epoch.system.content)
    return {
        "model": epoch.model,
        "tools": [] if epoch.tools is None else json.loads(epoch.tools.content),
        "system": [*system[:-1], marked(system[-1], shape["ttl"])],
        "messages": _join(
            read_items(epoch, request.length) if items is None else items,
            set(shape["marks"]),
            shape["ttl"],
        ),
        "max_tokens": shape["max_tokens"],
        "reference": shape["reference"],
        "brief": shape["brief"],
    }


def _join(items: Sequence[ContextItem], marks: set[int], ttl: str) -> Messages:
    """Put items into messages: neighbours of one role are one message."""
    messages: Messages = []
    for item in items:
        block = json.loads(item.block.content)
        if item.position in marks:
            block = marked(block, ttl)
        if not messages or messages[-1]["role"] != item.role:
            messages.append({"role": item.role, "content": []})
        messages[-1]["content"].append(block)
    return messages
