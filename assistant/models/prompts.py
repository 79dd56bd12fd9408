"""Prompts by purpose, and their immutable wordings."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from assistant.enums import PromptPurpose
from base.clock import now


class Prompt(models.Model):
    """A prompt by its purpose; its text lives in versions."""

    purpose = models.CharField(_("purpose"), max_length=16, choices=PromptPurpose)
    slug = models.SlugField(_("slug"), unique=True)
    active = models.ForeignKey(
        "PromptVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class PromptVersion(models.Model):
    """One immutable wording of a prompt; `{{ name }}` marks what is filled in."""

    prompt = models.ForeignKey(
        Prompt, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), default=now)

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
