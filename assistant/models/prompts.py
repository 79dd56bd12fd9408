"""Prompts by purpose, their wordings, and which of them was in use when."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from assistant.enums import ActivationKind, PromptPurpose
from base.clock import now
from base.immutable import ImmutableError, ImmutableQuerySet


class Prompt(models.Model):
    """The prompt of a purpose; its text lives in versions."""

    purpose = models.CharField(
        _("purpose"), max_length=16, choices=PromptPurpose, unique=True
    )
    slug = models.SlugField(_("slug"), unique=True)
    active = models.ForeignKey(
        "PromptVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("in use"),
    )

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class PromptVersion(models.Model):
    """One wording of a prompt; `{{ name }}` marks what is filled in.

    A draft until `frozen_at`: from then on (it was put into use, took part in an
    experiment or came with the program) a trigger of the database refuses another
    wording, number or prompt.
    """

    prompt = models.ForeignKey(
        Prompt, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    author = models.ForeignKey(
        User,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created"), default=now)
    frozen_at = models.DateTimeField(_("fixed since"), null=True, editable=False)

    class Meta:
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        ordering = ["prompt", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "number"], name="prompt_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prompt.slug} · v{self.number}"

    @property
    def is_draft(self) -> bool:
        """Whether the wording may still change."""
        return self.frozen_at is None

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete a draft; refuse what answers and scores may name."""
        if not self.is_draft:
            raise ImmutableError(f"{self} is kept.")
        return super().delete(*args, **kwargs)


class PromptActivation(models.Model):
    """That a wording took the place of another; written once.

    `replaced` is null for the first of a prompt. A person who is deleted is forgotten
    here, too, which is why only the default manager refuses changes.
    """

    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, related_name="activations"
    )
    version = models.ForeignKey(
        PromptVersion, on_delete=models.PROTECT, related_name="+"
    )
    replaced = models.ForeignKey(
        PromptVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("how"), max_length=12, choices=ActivationKind)
    reason = models.CharField(_("why"), max_length=200, blank=True)
    actor = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(_("time"), default=now)

    objects = ImmutableQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of wording")
        verbose_name_plural = _("changes of wording")
        ordering = ["prompt", "-pk"]

    def __str__(self) -> str:
        return f"{self.version} · {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row; refuse to write an old one again."""
        if not self._state.adding:
            raise ImmutableError("Changes of wording are history.")
        super().save(*args, **{**kwargs, "force_insert": True})
