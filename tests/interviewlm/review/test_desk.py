"""The review desk: what each role sees, what it does, and hostile text in it."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from assistant.enums import MessageRole, TurnState
from interviewlm.review.events import list_events
from interviewlm.review.made_by import MadeBy
from interviewlm.review.media import Gap, TrackMedia
from interviews.enums import Origin, RunKind, RunState, StepState
from interviews.models import Interview
from interviews.timeline.kinds import (
    DocumentUpdated,
    ReviewRecorded,
    RunFinished,
    ScorecardCreated,
)
from interviews.timeline.log import append_event
from recordings.enums import AssetKind
from tests.factories.assistant import (
    MessageFactory,
    ModelCallFactory,
    PromptVersionFactory,
)
from tests.factories.interviews import (
    DocumentFactory,
    PipelineStepFactory,
    ProblemReportFactory,
    RunFactory,
    ScorecardFactory,
)
from tests.factories.people import People
from tests.factories.recordings import AssetFactory
from tests.interviewlm.review.conftest import IMG, fill, url


def test_desk_is_under_the_strict_policy(
    recruiter: Client, interview: Interview
) -> None:
    policy = recruiter.get(url(interview))["Content-Security-Policy"]

    assert "script-src 'self'" in [part.strip() for part in policy.split(";")]
    assert "unsafe" not in policy


def test_desk_shows_hostile_text_as_text(
    recruiter: Client, interview: Interview
) -> None:
    page = recruiter.get(url(fill(interview, IMG))).content.decode()

    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") > 20


def test_file_answer_is_json_with_hostile_text(
    recruiter: Client, interview: Interview
) -> None:
    fill(interview, IMG)

    answer = recruiter.get(url(interview, "file"), {"path": f"ladder/{IMG}.py"})

    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["rows"][0] == ["same", 0, 1, IMG]


def test_output_answer_is_plain_text(recruiter: Client, interview: Interview) -> None:
    run = fill(interview, IMG).runs.get()

    answer = recruiter.get(url(interview, "output", run.pk))

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == IMG


def test_file_versions_and_the_lines_between_them(
    recruiter: Client, interview: Interview
) -> None:
    fill(interview)
    path = {"path": "ladder/words.py"}

    newest = recruiter.get(url(interview, "file"), path).json()
    between = recruiter.get(
        url(interview, "file"), {**path, "version": "2", "against": "0"}
    ).json()

    assert [one["label"] for one in newest["versions"]] == [
        "Starter",
        "Visible tests",
        "As it is now",
    ]
    assert between["rows"] == [
        ["same", 1, 1, "words"],
        ["added", 0, 2, "more"],
        ["added", 0, 3, "last"],
    ]
    assert recruiter.get(url(interview, "file"), {"path": "no.py"}).status_code == 404


@pytest.mark.parametrize("version", ["²", "-1", "99", "x"])
def test_file_version_there_is_not_shows_the_newest(
    recruiter: Client, interview: Interview, version: str
) -> None:
    fill(interview)
    asked = {"path": "ladder/words.py", "version": version}

    assert recruiter.get(url(interview, "file"), asked).json()["version"] == 2


def test_edits_in_a_row_are_one_line_found_by_any_number(
    recruiter: Client, interview: Interview
) -> None:
    for number in range(3):
        edit = DocumentUpdated(path="ladder/a.py", version=number, updates=[], hash="")
        append_event(interview, edit, origin=Origin.CANDIDATE)

    lines = recruiter.get(url(interview)).context["events"]

    assert [(line.first, line.last, line.detail) for line in lines] == [
        (1, 3, "3 changes")
    ]


ROLES = {
    "owner": {"scores", "chat", "money", "report", "steps", "hidden"},
    "recruiter": {"scores", "chat", "money", "report", "steps", "hidden"},
    "reviewer": {"scores", "chat", "steps", "hidden"},
    "interviewer": set(),
}


@pytest.mark.parametrize("role", ROLES)
def test_desk_shows_what_the_role_may_see(
    client: Client, people: People, interview: Interview, role: str
) -> None:
    fill(interview, "secretword")
    RunFactory.create(
        interview=interview, kind=RunKind.HIDDEN, state=RunState.FINISHED, output="x"
    )
    client.force_login(people.with_role(role))

    page = client.get(url(interview)).content.decode()

    seen = {
        "scores": 'id="scores"' in page,
        "chat": 'id="chat"' in page,
        "money": 'id="money"' in page,
        "report": "Reported by the candidate" in page,
        "steps": "data-steps" in page,
        "hidden": "Hidden tests" in page,
    }
    assert {name for name, is_seen in seen.items() if is_seen} == ROLES[role]


def test_hidden_output_is_kept_from_interviewers(
    client: Client, people: People, interview: Interview
) -> None:
    run = RunFactory.create(
        interview=interview, kind=RunKind.HIDDEN, output="expected 3"
    )
    client.force_login(people.interviewer)

    assert client.get(url(interview, "output", run.pk)).status_code == 404


def test_events_without_the_right_to_scores_tell_no_result(
    interview: Interview,
) -> None:
    hidden = RunFactory.create(interview=interview, kind=RunKind.HIDDEN)
    own = RunFactory.create(interview=interview, kind=RunKind.TESTS)
    for run in (hidden, own):
        ended = RunFinished(
            run=str(run.pk), exit_code=0, reason="exited", duration_ms=1, passed=3
        )
        append_event(interview, ended, origin=Origin.SYSTEM)
    for result in (
        ScorecardCreated(scorecard=1, number=1),
        ReviewRecorded(review=1, decision="advance"),
    ):
        append_event(interview, result, origin=Origin.SYSTEM)

    everything = list_events(interview, with_chat=True)
    without = list_events(interview, with_chat=True, with_scores=False)

    assert [line.first for line in everything] == [1, 2, 3, 4]
    assert [line.first for line in without] == [2]


def test_state_tells_pending_steps_and_new_results(
    recruiter: Client, interview: Interview
) -> None:
    step = PipelineStepFactory.create(interview=interview, name="score")
    page = recruiter.get(url(interview))

    first = recruiter.get(url(interview, "state")).json()
    step.state = StepState.DONE
    step.save()
    second = recruiter.get(url(interview, "state")).json()

    assert page.context["stamp"] == first["stamp"]
    assert (first["pending"], second["pending"]) == (True, False)
    assert first["stamp"] != second["stamp"]
    assert second["steps"][0]["words"] == "Done"


def test_stretch_with_sound_alone_is_not_skipped_by_the_player() -> None:
    gaps = [
        Gap(start_ms=1000, end_ms=3000, reason="no_video"),
        Gap(start_ms=5000, end_ms=9000, reason="chunk_missing"),
    ]
    told = TrackMedia("camera", "Camera", [], gaps).as_json()
    assert told["gaps"] == [{"start": 5000, "end": 9000}]


def test_player_gets_the_parts_in_order(
    recruiter: Client, interview: Interview
) -> None:
    first = AssetFactory.create(recording__interview=interview, duration_ms=5000)
    recording = first.recording
    second = AssetFactory.create(
        recording=recording, part=1, start_ms=9000, duration_ms=5000
    )
    recording.holes = [{"start_ms": 5000, "end_ms": 9000, "reason": "chunk_missing"}]
    recording.save()

    page = recruiter.get(url(interview))

    text = page.content.decode()
    media = json.loads(
        text.split('<script id="review-media" type="application/json">')[1].split(
            "</script>"
        )[0]
    )
    [track] = media["tracks"]
    assert [(part["address"], part["start"]) for part in track["parts"]] == [
        (f"/interviews/{interview.pk}/recordings/{first.pk}/address", 0),
        (f"/interviews/{interview.pk}/recordings/{second.pk}/address", 9000),
    ]
    assert track["gaps"] == [{"start": 5000, "end": 9000}]
    assert "No picture from 0:05 to 0:09" in text
    assert not AuditEntry.objects.filter(action="recording.viewed").exists()
    text = page.content.decode()
    assert "The recording has a gap." in text
    assert 'data-t="5000">0:05</button> 4 s' in text


def test_player_and_downloads_know_the_copy_of_a_file_that_is_still_the_same(
    recruiter: Client, interview: Interview
) -> None:
    file = AssetFactory.create(recording__interview=interview, codecs="vp9,opus")
    later = AssetFactory.create(recording=file.recording, part=1, start_ms=90_000)
    copies = [
        AssetFactory.create(
            recording=file.recording,
            kind=AssetKind.RENDITION,
            part=part,
            mime_type="video/mp4",
            codecs="h264,aac",
            source_sha256=source,
        )
        for part, source in ((0, file.sha256), (1, "of an earlier file"))
    ]

    page = recruiter.get(url(interview))

    [track] = page.context["media"].as_json()["tracks"]
    assert track["parts"][0]["type"] == 'video/webm; codecs="vp9, opus"'
    assert track["parts"][0]["copy"] == {
        "id": copies[0].pk,
        "address": f"/interviews/{interview.pk}/recordings/{copies[0].pk}/address",
        "type": 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"',
    }
    assert track["parts"][1]["id"] == later.pk
    assert track["parts"][1]["copy"] is None
    text = page.content.decode()
    assert f"/recordings/{copies[0].pk}/download" in text
    assert f"/recordings/{copies[1].pk}/download" not in text


def test_strongest_and_weakest_never_overlap(
    recruiter: Client, interview: Interview
) -> None:
    card = ScorecardFactory.create(interview=interview)
    scores = {"technical": 90, "communication": 20, "experience": None}
    for verdict in card.verdicts.all():
        verdict.score = scores.get(verdict.dimension)
        verdict.save()

    score = recruiter.get(url(interview)).context["score"]

    assert [line.dimension for line in score.strongest] == ["technical"]
    assert [line.dimension for line in score.weakest] == ["communication"]


def test_desk_costs_the_same_however_much_there_is(
    recruiter: Client, interview: Interview
) -> None:
    fill(interview)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            recruiter.get(url(interview))
        return len(queries)

    recruiter.get(url(interview))
    before = count()
    for number in range(4):
        RunFactory.create(interview=interview, state=RunState.FINISHED)
        DocumentFactory.create(interview=interview, path=f"ladder/{number}.py")
        ProblemReportFactory.create(interview=interview)
        MessageFactory.create(
            turn__conversation__interview=interview, turn__state=TurnState.FINISHED
        )
    assert count() == before


def test_answer_names_its_model_and_its_wording(
    recruiter: Client, interview: Interview
) -> None:
    version = PromptVersionFactory.create()
    answer = MessageFactory.create(
        turn__conversation__interview=interview,
        turn__prompt_version=version,
        role=MessageRole.ASSISTANT,
        model="model-two",
    )
    ModelCallFactory.create(
        interview=interview, turn=answer.turn, fallback_from="model-one"
    )

    page = recruiter.get(url(interview))

    (line,) = page.context["chat"]
    assert line.made_by == MadeBy("model-two", str(version), "model-one")
    text = page.content.decode()
    assert str(version) in text
    assert "instead of model-one" in text


@pytest.mark.parametrize(
    ("role", "is_offered"), [("recruiter", True), ("reviewer", False)]
)
def test_download_is_offered_to_roles_that_may(
    client: Client, people: People, interview: Interview, role: str, *, is_offered: bool
) -> None:
    asset = AssetFactory.create(recording__interview=interview)
    client.force_login(getattr(people, role))
    page = client.get(url(interview)).content.decode()
    address = f"/interviews/{interview.pk}/recordings/{asset.pk}/download"
    assert (address in page) == is_offered
