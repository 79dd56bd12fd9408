"""Choosing which version of a prompt is in use."""

from django.db import transaction

from accounts.models import Organisation, User
from accounts.services.audit import record_audit
from assistant.models import Prompt, PromptVersion


@transaction.atomic
def activate_prompt(
    version: PromptVersion, *, actor: User, organisation: Organisation
) -> bool:
    """Make this wording the one in use from the next call on; False if it is already.

    Prompts belong to the installation; the audit row stands with the organisation the
    operator is working for.
    """
    prompt = Prompt.objects.select_for_update().get(pk=version.prompt_id)
    if prompt.active_id == version.pk:
        return False
    prompt.active = version
    prompt.save(update_fields=["active"])
    record_audit(
        actor,
        organisation,
        "prompt.activated",
        prompt,
        {"number": version.number},
    )
    return True
