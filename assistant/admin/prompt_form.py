"""The form of a draft: its text is checked against what its prompt is filled with."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from assistant.enums import PromptPurpose
from assistant.models import Prompt, PromptVersion
from assistant.variables import MAX_CHARS, VARIABLES, find_faults


class DraftForm(forms.ModelForm[PromptVersion]):
    """A wording and what changed in it; the prompt is chosen once."""

    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=MAX_CHARS,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            {"rows": 24, "class": "bo-code prompt-text", "spellcheck": "true"}
        ),
    )

    class Meta:
        model = PromptVersion
        fields = ["prompt", "text", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = self.fields["text"]
        text.widget.attrs["data-prompt-variables"] = json.dumps(self._known())
        text.widget.attrs["data-prompt-words"] = json.dumps(_words())
        text.help_text = self._help()

    def _prompts(self) -> list[Prompt]:
        if self.instance.prompt_id:
            return [self.instance.prompt]
        return list(Prompt.objects.all())

    def _known(self) -> dict[str, Any]:
        """Return by prompt what may be filled in; one key when the prompt is fixed."""
        known = {}
        for prompt in self._prompts():
            variables = VARIABLES[PromptPurpose(prompt.purpose)]
            known[str(prompt.pk)] = {
                "required": sorted(variables.required),
                "optional": sorted(variables.optional),
            }
        return known

    def _help(self) -> str:
        lines = []
        for prompt in self._prompts():
            variables = VARIABLES[PromptPurpose(prompt.purpose)]
            lines.append(
                _("%(prompt)s needs %(required)s; may have %(optional)s.")
                % {
                    "prompt": prompt.slug,
                    "required": ", ".join(sorted(variables.required)),
                    "optional": ", ".join(sorted(variables.optional)) or "–",
                }
            )
        return " ".join([_("What is filled in is written {{ name }}."), *lines])

    def clean_text(self) -> str:
        """Keep line ends as files have them; browsers send others."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Name everything that keeps the text from being sent."""
        data = super().clean() or self.cleaned_data
        prompt = data.get("prompt") or (
            self.instance.prompt if self.instance.prompt_id else None
        )
        if prompt is not None and data.get("text"):
            faults = find_faults(prompt.purpose, data["text"])
            if faults:
                self.add_error("text", forms.ValidationError(list(faults)))
        return data


def _words() -> dict[str, str]:
    """Return what the page says while somebody types."""
    return {
        "list": _("Variables"),
        "present": _("present"),
        "missing": _("missing"),
        "unknown": _("unknown"),
        "unused": _("not used"),
        "stray": _("line %d: “{{” opens no variable"),
    }
