"""Pictures that go along with a question: taken in, shown, sent, gone."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.enums import ModelPurpose
from assistant.errors import (
    AssistantError,
    NoPicturesError,
    TooManyPicturesError,
    UnknownPictureError,
)
from assistant.models import Attachment, Message
from assistant.record import build_conversation_record
from assistant.selectors import build_hello, describe_question
from assistant.services import attachments
from assistant.services.attachments import image_blocks, store_image
from assistant.services.prompts import import_shipped_prompts
from assistant.services.replacing import Extras
from assistant.services.requests import build_request
from assistant.services.turns import ask, claim_turn
from interviews.access import cookie_name
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import Event, Interview
from interviews.services.lifecycle import finish_interview
from tests.assistant.samples import SECRET, chunk, jpeg, png
from tests.assistant.socket import cookie_header
from tests.factories.assistant import ModelChoiceFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

TOKEN = "t" * 64


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(people: People) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.ACTIVE
    )
    return made


def browser(interview: Interview, token: str = TOKEN) -> Client:
    """The candidate's browser; its page knows the token."""
    client = Client(enforce_csrf_checks=True, headers={"X-CSRFToken": token})
    value = cookie_header(interview)[1].decode().partition("=")[2]
    client.cookies.load({cookie_name(interview.pk): value, "csrftoken": TOKEN})
    return client


def send(
    client: Client, interview: Interview, data: bytes, name: str = "image-0001"
) -> Any:
    body = {"id": name, "file": SimpleUploadedFile("x.html", data, "text/html")}
    return client.post(reverse("assistant:image-upload", args=[interview.pk]), body)


def stored(interview: Interview, number: int = 0) -> Attachment:
    return store_image(
        interview.pk, client_id=f"image-{number:04}", data=png(40 + number)
    )


def asked(interview: Interview, *images: UUID, text: str = "What is this?") -> Message:
    turn, _is_new = ask(
        interview.pk,
        client_id=f"ask-{uuid4()}",
        text=text,
        extras=Extras(images=images),
    )
    return turn.messages.get()


def forbid_images(interview: Interview) -> None:
    ModelChoiceFactory.create(
        assessment_version=interview.assessment_version,
        purpose=ModelPurpose.CHAT,
        model="model-without-eyes",
    )


@pytest.mark.django_db
def test_picture_is_kept_without_what_else_was_in_the_file(
    interview: Interview,
) -> None:
    client = browser(interview)
    dirty = png(40, 20, chunk(b"tEXt", SECRET))
    answer = send(client, interview, dirty)
    assert answer.status_code == 200
    image = Attachment.objects.get()
    assert answer.json() == {
        "image": str(image.pk),
        "url": reverse("assistant:image", args=[interview.pk, image.pk]),
        "width": 40,
        "height": 20,
    }
    shown = client.get(answer.json()["url"])
    assert shown.content == png(40, 20)
    assert shown["Content-Type"] == "image/png"
    assert shown["Content-Disposition"].startswith("attachment;")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown["Content-Security-Policy"]


@pytest.mark.django_db
def test_picture_sent_again_is_kept_once(interview: Interview) -> None:
    client = browser(interview)
    first = send(client, interview, png()).json()
    assert send(client, interview, png()).json() == first
    assert Attachment.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [b"<script>alert(1)</script>", png() + b"\0" * attachments.MOST_BYTES * 2],
    ids=["no picture", "too large"],
)
def test_upload_refuses_what_is_no_picture(interview: Interview, data: bytes) -> None:
    answer = send(browser(interview), interview, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_picture")
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_upload_without_the_pages_token_is_refused(interview: Interview) -> None:
    answer = send(browser(interview, "f" * 32 + "g" * 32), interview, png())
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_upload_after_the_end_is_refused(interview: Interview) -> None:
    finish_interview(interview.pk)
    with pytest.raises(InterviewError):
        stored(interview)


@pytest.mark.django_db
def test_upload_is_refused_where_the_model_takes_no_pictures(
    interview: Interview,
) -> None:
    forbid_images(interview)
    with pytest.raises(NoPicturesError):
        stored(interview)
    assert build_hello(interview.pk, None)["images"] is None


@pytest.mark.django_db
def test_hello_tells_how_pictures_are_sent(interview: Interview) -> None:
    assert build_hello(interview.pk, None)["images"] == {
        "url": reverse("assistant:image-upload", args=[interview.pk]),
        "bytes": 1024 * 1024,
        "long_edge": 1568,
        "per_question": 3,
    }


@pytest.mark.django_db
def test_pictures_never_sent_make_room_for_new_ones(interview: Interview) -> None:
    names = [stored(interview, n).content for n in range(attachments.MOST_UNSENT + 2)]
    kept = set(Attachment.objects.values_list("content", flat=True))
    assert kept == set(names[2:])


@pytest.mark.django_db
def test_question_takes_its_pictures_along_in_order(interview: Interview) -> None:
    first, second = stored(interview), stored(interview, 1)
    message = asked(interview, second.pk, first.pk)
    assert image_blocks(message) == [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": "image/png",
                "data": base64.b64encode(png(width)).decode(),
            },
        }
        for width in (41, 40)
    ]
    names = [str(second.pk), str(first.pk)]
    frame = build_hello(interview.pk, None)["messages"][0]
    assert [each["image"] for each in frame["images"]] == names
    told = describe_question(UUID(frame["turn"]))
    assert told == {"question": frame["text"], "images": frame["images"]}
    event = Event.objects.get(interview=interview, kind="turn.pictured")
    assert event.payload["images"] == names


@pytest.mark.django_db
def test_question_sends_its_pictures_to_the_model_before_its_words(
    interview: Interview,
) -> None:
    message = asked(interview, stored(interview).pk)
    assert claim_turn(message.turn_id, owner="web-1")
    sent = build_request(message.turn_id, read_configuration()).request
    blocks = [block for each in sent.messages for block in each["content"]]
    kinds = [block["type"] for block in blocks]
    at = kinds.index("image")
    assert blocks[at]["source"]["data"] == base64.b64encode(png()).decode()
    assert "What is this?" in blocks[at + 1]["text"]
    again = build_request(message.turn_id, read_configuration()).request
    assert again.messages == sent.messages
    assert build_conversation_record(interview).entries


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("choose", "refusal"),
    [
        (lambda own, _other: [own, uuid4()], UnknownPictureError),
        (lambda _own, other: [other], UnknownPictureError),
        (lambda *_both: [uuid4() for _ in range(4)], TooManyPicturesError),
    ],
    ids=["unknown", "another interview's", "too many"],
)
def test_question_with_pictures_it_may_not_have_is_refused(
    interview: Interview, choose: Any, refusal: type[AssistantError]
) -> None:
    other = stored(InterviewFactory.create(state=InterviewState.ACTIVE))
    own = stored(interview)
    with pytest.raises(refusal):
        asked(interview, *choose(own.pk, other.pk), text="And this?")
    assert not Message.objects.filter(text="And this?").exists()
    own.refresh_from_db()
    assert own.message is None


@pytest.mark.django_db
def test_question_asked_again_has_its_picture_again(interview: Interview) -> None:
    image = stored(interview)
    first = asked(interview, image.pk)
    again = asked(interview, image.pk, text="What is this, please?")
    assert image_blocks(again) == image_blocks(first)
    assert first.attachments.get().pk != again.attachments.get().pk


@pytest.mark.django_db
def test_same_words_about_another_picture_are_another_question(
    interview: Interview,
) -> None:
    first = asked(interview, stored(interview).pk)
    second = asked(interview, stored(interview, 1).pk)
    assert first.turn_id != second.turn_id


@pytest.mark.django_db
def test_picture_goes_with_the_interview(
    interview: Interview, django_capture_on_commit_callbacks: Any
) -> None:
    image = stored(interview)
    asked(interview, image.pk)
    assert default_storage.exists(image.content)
    with django_capture_on_commit_callbacks(execute=True):
        Attachment.objects.filter(interview=interview).delete()
    assert not default_storage.exists(image.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),
        ("recruiter", 200),
        ("reviewer", 200),
        ("interviewer", 404),
        ("finance", 404),
        ("stranger", 404),
    ],
)
def test_picture_is_shown_to_members_who_may_read_conversations(
    interview: Interview, people: People, who: str, status: int
) -> None:
    image = stored(interview)
    client = Client()
    client.force_login(getattr(people, who))
    address = reverse("assistant:image", args=[interview.pk, image.pk])
    assert client.get(address).status_code == status


@pytest.mark.django_db
def test_picture_is_not_shown_to_another_candidate(interview: Interview) -> None:
    image = stored(interview)
    other = InterviewFactory.create(state=InterviewState.ACTIVE)
    client = browser(other)
    for owner in (interview, other):
        address = reverse("assistant:image", args=[owner.pk, image.pk])
        assert client.get(address).status_code == 404
    assert send(client, interview, jpeg()).status_code == 404
    assert Client().get(address).status_code == 404


@pytest.mark.django_db
def test_review_desk_shows_pictures_and_both_wordings_of_a_question(
    interview: Interview, people: People
) -> None:
    image = stored(interview)
    first = asked(interview, image.pk, text="What is this?")
    turn, _is_new = ask(
        interview.pk,
        client_id="ask-edited-1",
        text="What is that red line?",
        extras=Extras(first.turn_id, (image.pk,)),
    )
    client = Client()
    client.force_login(people.reviewer)
    page = client.get(reverse("admin:interview-review", args=[interview.pk]))
    text = page.content.decode()
    for question in (first, turn.messages.get()):
        (picture,) = question.attachments.all()
        assert question.text in text
        assert reverse("assistant:image", args=[interview.pk, picture.pk]) in text
    assert "The candidate edited this question" in text
    assert "this took the place of the question before it" in text
    said: Any = build_conversation_record(interview).data
    asked_data = [each for each in said if each["role"] == "user"]
    assert [each["replaces"] for each in asked_data] == [None, asked_data[0]["turn"]]
