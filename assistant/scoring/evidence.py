"""What the judge may lean on: moments of the timeline, each with its text.

A quote counts only when it stands verbatim in one of these texts, so the same list
is used to ask and to check.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff
from html import escape

from assistant.context.texts import defuse
from assistant.enums import MessageRole
from assistant.models import Message
from base.text import utf16_slice
from interviews.enums import Origin, RunKind
from interviews.models import Document, DocumentVersion, Event, Interview, Run
from interviews.workspace.changes import clean_text

OUTPUT_CHARS = 1_500
DIFF_CHARS = 6_000
FILE_CHARS = 12_000
TOTAL_CHARS = 160_000
HIDDEN_TESTS = "hidden_tests"
_KINDS = (
    "interview.state_changed",
    "section.opened",
    "turn.asked",
    "turn.finished",
    "turn.failed",
    "document.applied",
    "run.started",
    "run.finished",
)


@dataclass(frozen=True)
class Moment:
    """One piece of evidence; `kind` is a word for the judge, `seq` the event's number."""

    seq: int
    t_ms: int
    kind: str
    origin: str
    text: str


class EvidenceBuilder:
    """Reads one interview's timeline into moments, with a constant number of queries."""

    def __init__(self, interview: Interview) -> None:
        self._interview = interview
        self._runs = {
            str(run.pk): run for run in Run.objects.filter(interview=interview)
        }
        self._contents = dict(
            DocumentVersion.objects.filter(interview=interview).values_list(
                "hash", "text"
            )
        )
        self._answers = {
            str(message.turn_id): message.text
            for message in Message.objects.filter(
                turn__conversation__interview=interview, role=MessageRole.ASSISTANT
            )
        }
        self._last_files: dict[str, str] = {}

    def build(self) -> list[Moment]:
        """Return the moments in order, the final files last."""
        events = Event.objects.filter(
            interview=self._interview, kind__in=_KINDS
        ).order_by("seq")
        moments = [
            moment for event in events if (moment := self._moment(event)) is not None
        ]
        return _within_budget([*moments, *self._final_files()])

    def _moment(self, event: Event) -> Moment | None:
        kind, text = self._describe(event)
        if not text:
            return None
        return Moment(event.seq, event.t_ms or 0, kind, event.origin, text)

    def _describe(self, event: Event) -> tuple[str, str]:
        payload = event.payload
        if event.kind == "turn.asked":
            return "chat.message", payload["text"]
        if event.kind in {"turn.finished", "turn.failed"}:
            return "chat.answer", self._answers.get(payload["turn"], "")
        if event.kind == "run.started":
            return "edit.diff", self._diff(payload["files"])
        if event.kind == "run.finished":
            return self._describe_run(payload["run"])
        if event.kind == "document.applied":
            return (
                "edit.applied",
                f"The candidate put a block of the assistant's answer into "
                f"{payload['path']} ({payload['mode']}).",
            )
        if event.kind == "section.opened":
            return "section.opened", f"Section {payload['section'] + 1} opened."
        return "interview.state", f"{payload['before']} → {payload['after']}"

    def _diff(self, files: dict[str, str]) -> str:
        """Return what changed in the files since the run before this one."""
        lines: list[str] = []
        for path, digest in sorted(files.items()):
            before = self._contents.get(self._last_files.get(path, ""), "")
            if path in self._last_files and self._last_files[path] != digest:
                after = self._contents.get(digest, "")
                lines.extend(
                    unified_diff(
                        before.splitlines(),
                        after.splitlines(),
                        path,
                        path,
                        lineterm="",
                        n=1,
                    )
                )
        self._last_files.update(files)
        return "\n".join(lines)[:DIFF_CHARS]

    def _describe_run(self, run_id: str) -> tuple[str, str]:
        run = self._runs.get(run_id)
        if run is None:
            return "run", ""
        kind = HIDDEN_TESTS if run.kind == RunKind.HIDDEN else f"run.{run.kind}"
        tests = run.tests or []
        passed = sum(1 for test in tests if test.get("outcome") == "passed")
        lines = [f"{passed} of {len(tests)} tests passed."] if tests else []
        lines += [
            f"{test.get('outcome')}: {test.get('name')}"
            for test in tests
            if test.get("outcome") != "passed"
        ]
        if run.kind != RunKind.HIDDEN and run.output:
            lines.append(run.output[-OUTPUT_CHARS:])
        if not lines:
            lines = [run.message or f"Ended: {run.reason}, exit code {run.exit_code}."]
        return kind, "\n".join(lines)

    def _final_files(self) -> Iterable[Moment]:
        """Return each changed file as it was left, at the event that last touched it.

        What interviewers wrote in it follows by itself, for the judge to leave out.
        """
        touched: dict[str, Event] = {}
        for event in Event.objects.filter(
            interview=self._interview,
            kind__in=("document.updated", "document.applied", "file.created"),
        ).order_by("seq"):
            if event.payload.get("source") != "starter":
                touched[event.payload["path"]] = event
        documents = Document.objects.filter(
            interview=self._interview, path__in=list(touched)
        ).order_by("path")
        for document in documents:
            event = touched[document.path]
            place = event.seq, event.t_ms or 0
            yield Moment(
                *place,
                f"file.final {document.path}",
                Origin.CANDIDATE,
                document.text[:FILE_CHARS],
            )
            others = "\n".join(
                utf16_slice(document.text, start, end)
                for start, end in document.interviewer_ranges
            )
            if others:
                yield Moment(
                    *place,
                    f"file.written_by_interviewer {document.path}",
                    Origin.INTERVIEWER,
                    clean_text(others)[:FILE_CHARS],
                )


def _within_budget(moments: list[Moment]) -> list[Moment]:
    """Leave out the longest diffs first, then cut from the middle of the interview.

    Hidden tests always stay: nobody can write so much that they are cut.
    """
    total = sum(len(moment.text) for moment in moments)
    diffs = sorted(
        (m for m in moments if m.kind == "edit.diff"), key=lambda m: -len(m.text)
    )
    kept = list(moments)
    for moment in diffs:
        if total <= TOTAL_CHARS:
            break
        kept.remove(moment)
        total -= len(moment.text)
    others = [moment for moment in kept if moment.kind != HIDDEN_TESTS]
    while total > TOTAL_CHARS and len(others) > 1:
        moment = others.pop(len(others) // 2)
        kept.remove(moment)
        total -= len(moment.text)
    return kept


def render_evidence(moments: Iterable[Moment]) -> str:
    """Return the moments between the tags the prompt names."""
    events = "\n".join(
        f'<event seq="{moment.seq}" kind="{escape(moment.kind)}" '
        f't_ms="{moment.t_ms}" origin="{moment.origin}">\n{defuse(moment.text)}\n</event>'
        for moment in moments
    )
    return f"<evidence>\n{events}\n</evidence>"


def texts_by_seq(moments: Iterable[Moment]) -> dict[int, str]:
    """Return the text behind each number; two moments of one event are joined."""
    texts: dict[int, str] = {}
    for moment in moments:
        text = defuse(moment.text)
        texts[moment.seq] = (
            f"{texts[moment.seq]}\n{text}" if moment.seq in texts else text
        )
    return texts
