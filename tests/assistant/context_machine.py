"""A candidate who edits, asks, stops and is let down in any order, without a socket."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from assistant.configuration import read_configuration
from assistant.context.store import PARTING, rebuild_request
from assistant.enums import TurnState
from assistant.models import ContextRequest, Turn
from assistant.services.endings import TurnOutcome, end_turn, interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.queue import promote_behind, withdraw
from assistant.services.requests import build_request, renew_epoch
from assistant.services.tool_calls import AskedCall, begin_calls, end_call, go_on
from assistant.services.turns import ask, checkpoint_turn, claim_turn, note_progress
from base.clock import now
from base.text import content_hash, utf16_length
from interviews.enums import InterviewState, Origin, RunKind, RunState
from interviews.models import Document, Run
from interviews.timeline.kinds import FileRenamed
from interviews.timeline.log import append_event
from tests.factories.interviews import InterviewFactory

MODEL = "claude-sonnet-5-5"
PATHS = ("a.py", "b.py", "c/d.py")
OUTCOMES: dict[str, dict[str, Any]] = {
    "whole": {"state": TurnState.FINISHED, "stop_reason": "end_turn", "text": "Yes."},
    "too long": {
        "state": TurnState.FINISHED,
        "stop_reason": "max_tokens",
        "text": "Yes, and",
    },
    "stopped": {"state": TurnState.STOPPED, "stop_reason": "stopped", "text": "Hel"},
    "stopped at once": {
        "state": TurnState.STOPPED,
        "stop_reason": "stopped",
        "text": "",
    },
    "failed": {"state": TurnState.FAILED, "error_code": "api_error", "text": ""},
    "cut off": {"state": TurnState.FAILED, "error_code": "api_error", "text": "I th"},
    "refused": {
        "state": TurnState.FAILED,
        "error_code": "invalid_request_error",
        "text": "",
    },
    "declined": {
        "state": TurnState.FINISHED,
        "stop_reason": "refusal",
        "text": "I can",
    },
    "another model": {
        "state": TurnState.FINISHED,
        "stop_reason": "end_turn",
        "text": "Hello.",
        "model": "claude-haiku-5-5",
    },
}
_BLOCK = re.compile(
    r'^<(file|file_change|file_gone) path="([^"]*)"(?: [^>]*?)?(?:/>|>\n(.*)\n</\1>)$',
    re.DOTALL,
)
_numbers = count()


def patched(before: str, diff: str) -> str:
    """Apply a unified diff."""
    lines, out, at = before.split("\n"), [], 0
    for line in diff.split("\n"):
        if hunk := re.match(r"@@ -(\d+)(?:,(\d+))? ", line):
            start = int(hunk[1]) - (hunk[2] != "0")
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        else:
            assert lines[at] == line[1:]
            if line.startswith(" "):
                out.append(lines[at])
            at += 1
    return "\n".join(out + lines[at:])


def flat(request: dict[str, Any]) -> list[tuple[str, str]]:
    """Every block with its role, as the provider's cache sees them."""
    return [
        (message["role"], json.dumps({**block, "cache_control": None}))
        for message in request["messages"]
        for block in message["content"]
    ]


def files_known(request: dict[str, Any]) -> dict[str, str]:
    """What a model that reads everything knows of the files."""
    known: dict[str, str] = {}
    for message in request["messages"]:
        for block in message["content"]:
            found = _BLOCK.match(block.get("text", ""))
            if found is None or message["role"] == "assistant":
                continue
            kind, path, body = found.groups()
            if kind == "file":
                known[path] = body
            elif kind == "file_change":
                known[path] = patched(known[path], body)
            else:
                gone = known.pop(path)
                to = re.search(r'renamed_to="([^"]*)"', block["text"])
                if to:
                    known.setdefault(to[1], gone)
    return known


def count_marks(request: dict[str, Any]) -> int:
    blocks = [b for message in request["messages"] for b in message["content"]]
    return sum("cache_control" in block for block in [*request["system"], *blocks])


def check_pairs(request: dict[str, Any]) -> None:
    """Every call has its result in the very next message, and no other has one."""
    asked: set[str] = set()
    for message in request["messages"]:
        blocks = message["content"]
        told = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
        assert set(told) == asked
        assert len(told) == len(asked)
        if told:
            assert [b["type"] for b in blocks[: len(told)]] == ["tool_result"] * len(
                told
            )
        asked = {block["id"] for block in blocks if block["type"] == "tool_use"}
    assert not asked


class Talk:
    """What was sent is what is rebuilt, and within an epoch it only grows."""

    def __init__(self, seed: int) -> None:
        import_shipped_prompts()
        self.random = Random(seed)
        self.interview = InterviewFactory.create(state=InterviewState.ACTIVE)
        Document.objects.filter(interview=self.interview).delete()
        for _each in PATHS:
            self.write()
        self.running: Turn | None = None
        self.sent: list[tuple[Turn, str]] = []
        self.steps: list[tuple[Turn, int, str]] = []
        self.shown = ""

    def go(self, questions: int) -> None:
        """Send so many questions, with anything in between."""
        while len(self.sent) < questions:
            for thing in self.random.choices(self.things, k=self.random.randrange(6)):
                thing()
            self.answer()
            if self.random.random() < 0.7:
                self.end()
        for turn, step, sent in self.steps:
            assert json.dumps(rebuild_request(turn, step)) == sent

    @property
    def things(self) -> list[Callable[[], None]]:
        """What happens beside answering, the usual more often."""
        rare = [self.write, self.rename, self.delete, self.take_back]
        return [*rare, self.run_tests, *[self.edit] * 8, *[self.ask] * 8]

    def _path(self) -> str:
        return self.random.choice(PATHS)

    def find(self, state: TurnState) -> Turn | None:
        turns = Turn.objects.filter(conversation__interview=self.interview)
        return turns.filter(state=state).first()

    def write(self) -> None:
        size, salt = self.random.randrange(90), self.random.randrange(4)
        self._store(self._path(), "".join(f"line {n} of {salt}\n" for n in range(size)))

    def edit(self) -> None:
        own = Document.objects.filter(interview=self.interview)
        document = own.filter(path=self._path()).first()
        if document is not None:
            lines = document.text.split("\n")
            word = "".join(self.random.choices("ab\r \x0c", k=self.random.randrange(9)))
            lines[self.random.randrange(len(lines))] = word
            self._store(document.path, "\n".join(lines))

    def _store(self, path: str, text: str) -> None:
        Document.objects.update_or_create(
            interview=self.interview,
            path=path,
            defaults={
                "text": text,
                "hash": content_hash(text),
                "version": next(_numbers),
            },
        )

    def rename(self) -> None:
        path, to = self._path(), self._path()
        own = Document.objects.filter(interview=self.interview)
        if own.filter(path=to).exists() or not own.filter(path=path).update(path=to):
            return
        append_event(
            self.interview, FileRenamed(path=path, to=to), origin=Origin.CANDIDATE
        )

    def delete(self) -> None:
        Document.objects.filter(interview=self.interview, path=self._path()).delete()

    def run_tests(self) -> None:
        number = next(_numbers)
        Run.objects.create(
            interview=self.interview,
            client_id=f"run-{number}",
            kind=RunKind.TESTS,
            section=0,
            state=RunState.FINISHED,
            argv=["pytest"],
            output=f"E assert {number}",
        )

    def ask(self) -> None:
        if self.find(TurnState.WAITING) is None:
            ask(
                self.interview.pk,
                client_id=f"ask-{next(_numbers)}",
                text=f"Why {next(_numbers)}?",
                files=self.random.sample(PATHS, self.random.choice((0, 1, 2, 3, 3))),
            )

    def take_back(self) -> None:
        waiting = self.find(TurnState.WAITING)
        if waiting is not None:
            assert withdraw(waiting.pk)

    def answer(self) -> None:
        turn = None if self.running else self.find(TurnState.QUEUED)
        if turn is None:
            return
        configuration = read_configuration()
        assert claim_turn(turn.pk, owner="web-1")
        prepared = build_request(turn.pk, configuration)
        if prepared.is_large:
            renew_epoch(turn.pk, configuration)
        if self.random.random() < 0.8:
            note_progress(turn.pk, model=MODEL, request_id="r", usage={})
        self.running, self.shown = turn, ""
        self._check(turn)
        while self.random.random() < 0.35 and self.use_tools(turn):
            pass

    def use_tools(self, turn: Turn) -> bool:
        """Let the model use tools once more; False where it ends in the middle."""
        said = self.random.choice(("", "I look. 😀", "Hm."))
        self.shown += f"{PARTING}{said}" if self.shown and said else said
        names = [
            f"call-{next(_numbers)}" for _each in range(self.random.choice((1, 3)))
        ]
        seal = {"type": "thinking", "thinking": "", "signature": names[0]}
        uses = [{"type": "tool_use", "id": n, "name": "x", "input": {}} for n in names]
        words = [{"type": "text", "text": said}] if said else []
        calls = begin_calls(
            turn.pk,
            owner="web-1",
            blocks=[seal, *words, *uses],
            asked=[AskedCall(name, "x", {}) for name in names],
            model=self.random.choice((MODEL, MODEL, "claude-haiku-5-5")),
            offset=utf16_length(self.shown),
        )
        for call in calls:
            if self.random.random() < 0.1:
                return False
            is_error = self.random.random() < 0.2
            assert end_call(call.pk, text=f"r {call.call_id}", is_error=is_error)
        if self.random.random() < 0.1:
            return False
        request = go_on(
            turn.pk,
            owner="web-1",
            shown=utf16_length(self.shown),
            max_tokens=500,
            note=self.random.choice(("", "<note>No more.</note>")),
        )
        assert request is not None
        step = calls[0].step + 1
        kept = rebuild_request(turn, step)
        assert request.messages == kept["messages"]
        self._check_shape(kept)
        self._check_growth(turn, kept, step)
        self.steps.append((turn, step, json.dumps(kept)))
        return True

    def end(self) -> None:
        turn, self.running = self.running, None
        if turn is None:
            return
        how = self.random.choice([*["whole"] * 12, *OUTCOMES, "killed"])
        if how == "killed":
            checkpoint_turn(turn.pk, owner="web-1", offset=0, text="Half", marks=[])
            dead = now() - timedelta(minutes=1)
            Turn.objects.filter(pk=turn.pk).update(heartbeat_at=dead)
            interrupt_dead_turns()
        else:
            known = {"model": MODEL, **OUTCOMES[how]}
            blocks = [{"type": "text", "text": known["text"]}]
            if self.shown and known["text"]:
                known["text"] = f"{self.shown}{PARTING}{known['text']}"
            elif self.shown:
                known["text"] = self.shown
            if self.random.random() < 0.5:
                seal = f"seal-{next(_numbers)}"
                blocks.insert(
                    0, {"type": "thinking", "thinking": "", "signature": seal}
                )
            end_turn(turn.pk, TurnOutcome(**known, blocks=tuple(blocks)))
        promote_behind(turn.pk)

    def _check(self, turn: Turn) -> None:
        request = rebuild_request(turn)
        assert (
            build_request(turn.pk, read_configuration()).request.messages
            == (request["messages"])
        )
        for earlier, sent in self.sent:
            assert json.dumps(rebuild_request(earlier)) == sent
        self._check_shape(request)
        self._check_growth(turn, request)
        self._check_files(turn, request)
        self.sent.append((turn, json.dumps(request)))

    def _check_shape(self, request: dict[str, Any]) -> None:
        roles = [message["role"] for message in request["messages"]]
        assert roles == [("user", "assistant")[at % 2] for at in range(len(roles))]
        assert roles[-1] == "user"
        assert count_marks(request) <= 4
        assert "cache_control" in request["messages"][-1]["content"][-1]
        check_pairs(request)

    def _check_growth(self, turn: Turn, request: dict[str, Any], step: int = 0) -> None:
        own = ContextRequest.objects.get(turn=turn, step=step)
        before = own.epoch.requests.exclude(pk=own.pk).order_by("length").last()
        blocks = flat(request)
        if before is None:
            kept = blocks[: own.epoch.kept]
            assert not any('"thinking"' in block for _role, block in kept)
            return
        known = flat(rebuild_request(before.turn, before.step))
        assert blocks[: len(known)] == known
        assert len(blocks) > len(known)

    def _check_files(self, turn: Turn, request: dict[str, Any]) -> None:
        known = files_known(request)
        message = turn.messages.get(role="user")
        for file in message.context["files"]:
            assert content_hash(known[file["path"]]) == file["hash"]
