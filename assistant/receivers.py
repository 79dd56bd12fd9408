"""Receivers of framework signals."""

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps


def import_prompts_after_migrate(
    *, apps: Apps = installed_apps, **_kwargs: Any
) -> None:
    """Add shipped prompts that are missing, unless the table was migrated away."""
    from assistant.services.prompts import (  # noqa: PLC0415 -- models are not loaded when apps.py is
        import_shipped_prompts,
    )

    try:
        apps.get_model("assistant", "PromptActivation")
    except LookupError:
        return
    import_shipped_prompts()


def import_models_after_migrate(*, apps: Apps = installed_apps, **_kwargs: Any) -> None:
    """Add what is shipped of models, unless the table was migrated away."""
    from assistant.services.catalogue import (  # noqa: PLC0415 -- models are not loaded when apps.py is
        import_shipped_models,
    )

    try:
        apps.get_model("assistant", "ModelVersion")
    except LookupError:
        return
    import_shipped_models()


def forget_content_after_delete(*, instance: Any, **_kwargs: Any) -> None:
    """Delete a picture's content once its row is gone, whatever took the row away."""
    from assistant.services.loose_contents import (  # noqa: PLC0415 -- models are not loaded when apps.py is
        forget_content,
    )

    forget_content(instance.content)
