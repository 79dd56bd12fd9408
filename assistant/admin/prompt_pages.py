"""Pages about two wordings: how they differ, and the way into use and back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import VIEW
from assistant.admin.base import is_operator
from assistant.differences import compare
from assistant.models import Prompt, PromptVersion
from assistant.services.activation import (
    REASON_CHARS,
    activate_prompt,
    find_previous,
    roll_back_prompt,
)
from assistant.variables import find_faults
from assistant.wordings import running_experiment_of
from base.errors import DomainError
from interviews.admin.operations import may, member


class CompareForm(forms.Form):
    """Two versions of one prompt, by their numbers."""

    before = forms.IntegerField(min_value=1)
    after = forms.IntegerField(min_value=1)


class ConfirmForm(forms.Form):
    """Why, and on confirmation which version was seen to be in use."""

    reason = forms.CharField(required=False, max_length=REASON_CHARS)
    seen = forms.IntegerField(required=False)


@require_GET
def compare_view(request: HttpRequest, prompt_id: int) -> HttpResponse:
    """Show how two versions differ; changes nothing."""
    if not may(request, VIEW, "prompt"):
        raise PermissionDenied
    prompt = _find_prompt(prompt_id)
    form = CompareForm(request.GET)
    if not form.is_valid():
        messages.error(request, _("Choose two versions to compare."))
        return redirect(page_of(prompt))
    before = _find_version(prompt, form.cleaned_data["before"])
    after = _find_version(prompt, form.cleaned_data["after"])
    context = _context(request, prompt, before, after) | {
        "title": _("v%(before)d → v%(after)d")
        % {"before": before.number, "after": after.number},
        "versions": list(prompt.versions.all()),
    }
    return render(request, "admin/assistant/compare.html", context)


@require_POST
def activate_view(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show what would change; with `seen` from that page, change it."""
    _require_operator(request)
    version = PromptVersion.objects.select_related("prompt").filter(pk=version_id)
    if not version:
        raise Http404
    return _change(request, version[0].prompt, version[0], is_back=False)


@require_POST
def rollback_view(request: HttpRequest, prompt_id: int) -> HttpResponse:
    """Bring back what was in use before; ask where `seen` is not in use any more."""
    _require_operator(request)
    prompt = _find_prompt(prompt_id)
    previous = find_previous(prompt)
    if previous is None:
        messages.error(request, _("No other version was in use before this one."))
        return redirect(page_of(prompt))
    return _change(request, prompt, previous, is_back=True)


def _change(
    request: HttpRequest, prompt: Prompt, version: PromptVersion, *, is_back: bool
) -> HttpResponse:
    """Ask first; ask again if another version came into use meanwhile."""
    form = ConfirmForm(request.POST)
    is_sure = form.is_valid() and form.cleaned_data["seen"] == (prompt.active_id or 0)
    if not is_sure:
        return _ask(request, prompt, version, is_back=is_back)
    actor, reason = member(request), form.cleaned_data["reason"]
    try:
        if is_back:
            roll_back_prompt(prompt, actor=actor, reason=reason)
        else:
            activate_prompt(version, actor=actor, reason=reason)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect(page_of(prompt))
    text = _("%(version)s is in use from the next answer on.")
    messages.success(request, text % {"version": version})
    return redirect(page_of(prompt))


def _ask(
    request: HttpRequest, prompt: Prompt, version: PromptVersion, *, is_back: bool
) -> HttpResponse:
    name = (
        "assistant_prompt_rollback" if is_back else "assistant_promptversion_activate"
    )
    pk = prompt.pk if is_back else version.pk
    title = _("Roll back to v%(number)d") if is_back else _("Put v%(number)d into use")
    context = _context(request, prompt, prompt.active, version) | {
        "title": title % {"number": version.number},
        "action": reverse(f"admin:{name}", args=[pk]),
        "seen": prompt.active_id or 0,
        "reason": request.POST.get("reason", "")[:REASON_CHARS],
        "reason_chars": REASON_CHARS,
        "is_back": is_back,
        "is_same": prompt.active_id == version.pk,
        "faults": find_faults(prompt.purpose, version.text) if version.is_draft else [],
        "running": running_experiment_of(prompt),
    }
    return render(request, "admin/assistant/confirm.html", context)


def _context(
    request: HttpRequest,
    prompt: Prompt,
    before: PromptVersion | None,
    after: PromptVersion,
) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "opts": Prompt._meta,
        "prompt": prompt,
        "before": before,
        "after": after,
        "lines": compare(before.text if before else "", after.text),
        "page": page_of(prompt),
    }


def page_of(prompt: Prompt) -> str:
    """Return the address of the prompt's page."""
    return reverse("admin:assistant_prompt_change", args=[prompt.pk])


def _require_operator(request: HttpRequest) -> None:
    if not is_operator(request):
        raise PermissionDenied


def _find_prompt(prompt_id: int) -> Prompt:
    prompt = Prompt.objects.select_related("active").filter(pk=prompt_id).first()
    if prompt is None:
        raise Http404
    return prompt


def _find_version(prompt: Prompt, number: int) -> PromptVersion:
    version = prompt.versions.filter(number=number).first()
    if version is None:
        raise Http404
    return version
