"""Drafts of prompts, and choosing which version is in use.

Prompts belong to the installation: each change of what is in use stands in the audit
of every organisation. `actor` is None for the operator's shell and for the system.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from accounts.access import Person
from accounts.models import Organisation, User
from accounts.services.audit import record_audit
from assistant.enums import ActivationKind
from assistant.errors import NothingToRollBackError, PromptFixedError
from assistant.models import Prompt, PromptActivation, PromptVersion
from assistant.variables import check_text
from base.clock import now
from base.text import shorten

REASON_CHARS = 200


@transaction.atomic
def create_draft(
    prompt: Prompt, *, text: str, note: str, actor: Person | None
) -> PromptVersion:
    """Add a version that is not in use yet. Raises PromptTextError."""
    check_text(prompt.purpose, text)
    Prompt.objects.select_for_update().get(pk=prompt.pk)
    newest = prompt.versions.aggregate(newest=Max("number"))["newest"] or 0
    version = PromptVersion.objects.create(
        prompt=prompt,
        number=newest + 1,
        text=text,
        note=shorten(note.strip(), REASON_CHARS),
        author=_user(actor),
    )
    tell_everybody(actor, "prompt.drafted", prompt, {"number": version.number})
    return version


@transaction.atomic
def edit_draft(
    version: PromptVersion, *, text: str, note: str, actor: Person | None
) -> PromptVersion:
    """Change a draft. Raises PromptTextError, and PromptFixedError for any other."""
    check_text(version.prompt.purpose, text)
    stored = _lock(version)
    if not stored.is_draft:
        raise PromptFixedError
    stored.text, stored.note = text, shorten(note.strip(), REASON_CHARS)
    stored.save(update_fields=["text", "note"])
    tell_everybody(actor, "prompt.edited", stored.prompt, {"number": stored.number})
    return stored


@transaction.atomic
def discard_draft(version: PromptVersion, *, actor: Person | None) -> None:
    """Delete a draft. Raises PromptFixedError for any other version."""
    stored = _lock(version)
    if not stored.is_draft:
        raise PromptFixedError
    tell_everybody(actor, "prompt.discarded", stored.prompt, {"number": stored.number})
    stored.delete()


def freeze_version(version: PromptVersion) -> None:
    """Fix the wording for good, in the caller's transaction. Raises PromptTextError."""
    stored = _lock(version)
    if stored.is_draft:
        check_text(stored.prompt.purpose, stored.text)
        stored.frozen_at = now()
        stored.save(update_fields=["frozen_at"])


@transaction.atomic
def activate_prompt(
    version: PromptVersion,
    *,
    actor: Person | None,
    reason: str = "",
    kind: ActivationKind = ActivationKind.CHOSEN,
) -> bool:
    """Make this wording the one in use from the next call on; False if it is already.

    Raises PromptTextError for a draft that cannot be filled in any more.
    """
    prompt = Prompt.objects.select_for_update().get(pk=version.prompt_id)
    if prompt.active_id == version.pk:
        return False
    freeze_version(version)
    PromptActivation.objects.create(
        prompt=prompt,
        version=version,
        replaced_id=prompt.active_id,
        kind=kind,
        reason=shorten(reason.strip(), REASON_CHARS),
        actor=_user(actor),
    )
    prompt.active = version
    prompt.save(update_fields=["active"])
    is_back = kind == ActivationKind.ROLLED_BACK
    action = "prompt.rolled_back" if is_back else "prompt.activated"
    details = {"number": version.number, "reason": reason.strip()}
    tell_everybody(actor, action, prompt, details)
    return True


def find_previous(prompt: Prompt) -> PromptVersion | None:
    """Return what was in use before the version that is; None for the first.

    A rollback takes back the change before it, so that rolling back twice goes two
    versions back instead of back and forth.
    """
    in_use: list[int] = []
    for change in prompt.activations.order_by("pk"):
        if change.kind == ActivationKind.ROLLED_BACK and len(in_use) > 1:
            in_use.pop()
            continue
        if not in_use and change.replaced_id is not None:
            in_use.append(change.replaced_id)
        in_use.append(change.version_id)
    if len(in_use) < 2 or in_use[-1] != prompt.active_id:
        return None
    return PromptVersion.objects.select_related("prompt").get(pk=in_use[-2])


@transaction.atomic
def roll_back_prompt(
    prompt: Prompt, *, actor: Person | None, reason: str = ""
) -> PromptVersion:
    """Put the version before into use again. Raises NothingToRollBackError."""
    locked = Prompt.objects.select_for_update().get(pk=prompt.pk)
    previous = find_previous(locked)
    if previous is None:
        raise NothingToRollBackError
    activate_prompt(
        previous, actor=actor, reason=reason, kind=ActivationKind.ROLLED_BACK
    )
    return previous


def tell_everybody(
    actor: Person | None, action: str, prompt: Prompt, details: Mapping[str, object]
) -> None:
    """Leave an audit row with each organisation: the prompt speaks for all of them."""
    for organisation in Organisation.objects.all():
        facts = {"prompt": prompt.slug, **details}
        record_audit(actor, organisation, action, prompt, facts)


def _lock(version: PromptVersion) -> PromptVersion:
    return (
        PromptVersion.objects.select_for_update(of=("self",))
        .select_related("prompt")
        .get(pk=version.pk)
    )


def _user(actor: Person | None) -> User | None:
    return actor if isinstance(actor, User) else None
