"""The admin's side bar: what this person may see, in the order of the work."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import standing_of

_GROUPS: tuple[tuple[Any, tuple[tuple[str, str], ...]], ...] = (
    (
        _("Interviews"),
        (
            ("interviews.Interview", "forum"),
            ("stuck:stuck-show", "visibility"),
            ("interviews.Invitation", "mail"),
            ("interviews.Candidate", "person"),
            ("interviews.ProblemReport", "report"),
        ),
    ),
    (
        _("Library"),
        (
            ("interviews.Assessment", "assignment"),
            ("interviews.Problem", "code"),
            ("interviews.Rubric", "checklist"),
            ("assistant.Prompt", "notes"),
            ("assistant.PromptExperiment", "science"),
            ("assistant.ModelAssignment", "alt_route"),
            ("assistant.ModelVersion", "memory"),
        ),
    ),
    (
        _("Behind it"),
        (
            ("interviews.PipelineStep", "account_tree"),
            ("recordings.Recording", "videocam"),
            ("assistant.Conversation", "chat"),
            ("figures:figures-show", "speed"),
            ("assistant.ModelCall", "swap_calls"),
            ("interviews.Scorecard", "grading"),
        ),
    ),
    (
        _("Money"),
        (
            ("costs:costs-show", "monitoring"),
            ("billing.Usage", "payments"),
            ("billing.Budget", "savings"),
            ("billing.SpendWindow", "functions"),
            ("billing.BudgetAlert", "notifications"),
            ("billing.Account", "account_balance_wallet"),
            ("billing.ModelPrice", "sell"),
            ("billing.MeterPrice", "speed"),
        ),
    ),
    (
        _("Organisation"),
        (
            ("accounts.Organisation", "domain"),
            ("accounts.Membership", "group"),
            ("accounts.AuditEntry", "history"),
            ("accounts.Outbox", "outbox"),
            ("accounts.User", "manage_accounts"),
        ),
    ),
)

# Pages that are no model's list: what they are called, and what one must may view.
_PAGES: Mapping[str, tuple[Any, str]] = {
    "stuck:stuck-show": (_("Stuck now"), "interview"),
    "costs:costs-show": (_("Costs"), "cost"),
    "figures:figures-show": (_("Model figures"), "model_call"),
}


def build_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return unfold's navigation; groups without an item are left out."""
    groups: list[dict[str, Any]] = []
    for title, entries in _GROUPS:
        items = [
            item for label, icon in entries if (item := _item(request, label, icon))
        ]
        if items:
            groups.append({"title": title, "items": items, "separator": bool(groups)})
    return groups


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    return (
        _page_item(request, label, icon)
        if label in _PAGES
        else _model_item(request, label, icon)
    )


def _page_item(request: HttpRequest, name: str, icon: str) -> dict[str, Any] | None:
    title, object_name = _PAGES[name]
    standing = standing_of(request)
    if standing is None or not standing.may("view", object_name):
        return None
    return {"title": title, "icon": icon, "link": reverse(name)}


def _model_item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not admin.site.is_registered(model):
        return None
    if not admin.site.get_model_admin(model).has_module_permission(request):
        return None
    meta = model._meta
    name = meta.verbose_name_plural or label
    return {
        "title": name[0].upper() + name[1:],
        "icon": icon,
        "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }
