"""Drafts, what fixes them, what is in use, and the way back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry
from assistant.enums import ActivationKind
from assistant.errors import (
    NothingToRollBackError,
    PromptFixedError,
    PromptTextError,
)
from assistant.models import Prompt, PromptActivation, PromptVersion
from assistant.services.activation import (
    activate_prompt,
    create_draft,
    discard_draft,
    edit_draft,
    find_previous,
    roll_back_prompt,
)
from assistant.services.prompts import active_prompt, import_shipped_prompts
from base.immutable import ImmutableError
from tests.assistant.prompts import CHAT_TEXT, chat_prompt, chat_version
from tests.factories.people import People

pytestmark = pytest.mark.django_db


def put_into_use(*versions: PromptVersion) -> None:
    for version in versions:
        assert activate_prompt(version, actor=None)


def numbers_in_use(prompt: Prompt) -> list[int]:
    history = prompt.activations.order_by("pk").select_related("version")
    return [change.version.number for change in history]


def test_draft_may_change_until_it_is_in_use() -> None:
    draft = create_draft(chat_prompt(), text=CHAT_TEXT, note="shorter", actor=None)
    edit_draft(draft, text=f"{CHAT_TEXT} Be brief.", note="brief", actor=None)
    draft.refresh_from_db()
    assert (draft.text, draft.note) == (f"{CHAT_TEXT} Be brief.", "brief")

    put_into_use(draft)

    with pytest.raises(PromptFixedError):
        edit_draft(draft, text=CHAT_TEXT, note="", actor=None)
    with pytest.raises(PromptFixedError):
        discard_draft(draft, actor=None)


def test_draft_gets_the_next_number() -> None:
    newest = chat_version()

    assert (
        create_draft(newest.prompt, text=CHAT_TEXT, note="", actor=None).number
        == newest.number + 1
    )


def test_text_that_cannot_be_filled_in_is_never_kept() -> None:
    prompt = chat_prompt()
    draft = chat_version()

    with pytest.raises(PromptTextError):
        create_draft(prompt, text="{{ nobody }}", note="", actor=None)
    with pytest.raises(PromptTextError):
        edit_draft(draft, text="{{ nobody }}", note="", actor=None)
    assert not PromptVersion.objects.filter(text="{{ nobody }}").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda pk: PromptVersion.objects.filter(pk=pk).update(text="other"),
        lambda pk: PromptVersion.objects.filter(pk=pk).update(number=9999),
        lambda pk: PromptVersion.objects.filter(pk=pk).update(frozen_at=None),
    ],
    ids=["text", "number", "draft-again"],
)
def test_database_refuses_another_wording_of_what_is_fixed(
    change: Callable[[int], object],
) -> None:
    version = chat_version()
    put_into_use(version)

    with pytest.raises(IntegrityError), transaction.atomic():
        change(version.pk)

    assert PromptVersion.objects.get(pk=version.pk).text == CHAT_TEXT


def test_raw_statement_is_refused_too() -> None:
    version = active_prompt("chat")

    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE assistant_promptversion SET text = 'x' WHERE id = %s", [version.pk]
        )


def test_note_and_author_of_a_fixed_version_may_be_forgotten(people: People) -> None:
    version = create_draft(chat_prompt(), text=CHAT_TEXT, note="", actor=people.owner)
    activate_prompt(version, actor=people.owner)

    people.owner.delete()

    version.refresh_from_db()
    assert version.author is None
    assert version.prompt.activations.latest("pk").actor is None


def test_history_is_written_once() -> None:
    put_into_use(chat_version())
    change = PromptActivation.objects.latest("pk")

    with pytest.raises(ImmutableError):
        change.save()
    with pytest.raises(ImmutableError):
        PromptActivation.objects.all().delete()
    with pytest.raises(ImmutableError):
        active_prompt("chat").delete()


def test_activation_tells_who_from_what_and_why(people: People) -> None:
    before, version = active_prompt("chat"), chat_version()

    activate_prompt(version, actor=people.owner, reason="answers were long")

    change = PromptActivation.objects.latest("pk")
    assert (change.replaced, change.version, change.actor, change.reason) == (
        before,
        version,
        people.owner,
        "answers were long",
    )
    assert change.kind == ActivationKind.CHOSEN
    told = AuditEntry.objects.filter(action="prompt.activated")
    assert {entry.organisation for entry in told} == {
        people.organisation,
        people.other_organisation,
    }
    assert told[0].details == {
        "prompt": "chat",
        "number": version.number,
        "reason": "answers were long",
    }


def test_same_version_again_changes_nothing() -> None:
    version = chat_version()
    put_into_use(version)
    count = PromptActivation.objects.count()

    assert not activate_prompt(version, actor=None)
    assert PromptActivation.objects.count() == count


def test_rolling_back_twice_goes_two_versions_back() -> None:
    shipped, one, two = active_prompt("chat"), chat_version(), chat_version()
    put_into_use(one, two)

    assert roll_back_prompt(shipped.prompt, actor=None) == one
    assert roll_back_prompt(shipped.prompt, actor=None, reason="worse") == shipped

    assert active_prompt("chat") == shipped
    assert PromptActivation.objects.latest("pk").kind == ActivationKind.ROLLED_BACK
    assert numbers_in_use(shipped.prompt)[-4:] == [
        one.number,
        two.number,
        one.number,
        shipped.number,
    ]
    with pytest.raises(NothingToRollBackError):
        roll_back_prompt(shipped.prompt, actor=None)


def test_after_a_rollback_a_new_choice_is_what_is_rolled_back() -> None:
    shipped, one, two = active_prompt("chat"), chat_version(), chat_version()
    put_into_use(one)
    roll_back_prompt(shipped.prompt, actor=None)
    put_into_use(two)

    assert find_previous(Prompt.objects.get(slug="chat")) == shipped


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_new_shipped_version_comes_into_use_unless_somebody_chose(
    tmp_path: Path,
) -> None:
    write(tmp_path, "chat.v50.md", f"{CHAT_TEXT} fifty")
    assert import_shipped_prompts(tmp_path) == 1
    assert active_prompt("chat").number == 50
    assert not active_prompt("chat").is_draft

    own = chat_version()
    put_into_use(own)
    write(tmp_path, "chat.v51.md", f"{CHAT_TEXT} fifty-one")
    assert import_shipped_prompts(tmp_path) == 1
    assert active_prompt("chat") == own


def test_shipped_version_leaves_a_taken_number_alone(tmp_path: Path) -> None:
    own = chat_version()
    write(tmp_path, f"chat.v{own.number}.md", f"{CHAT_TEXT} shipped")

    assert import_shipped_prompts(tmp_path) == 1
    assert import_shipped_prompts(tmp_path) == 0

    own.refresh_from_db()
    assert own.text == CHAT_TEXT
    shipped = own.prompt.versions.get(text=f"{CHAT_TEXT} shipped")
    assert shipped.number == own.number + 1
