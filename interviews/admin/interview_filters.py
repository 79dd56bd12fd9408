"""Filters that answer what recruiters ask of the list of interviews."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from interviews.models import Interview
from interviews.selectors.back_office import awaits_review, list_flags

REVIEW = "review"


class NeedsFilter(admin.SimpleListFilter):
    """What needs somebody: a review, or a flag."""

    title = _("needs somebody")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the questions."""
        flags = [(flag.name, flag.question) for flag in list_flags()]
        return [(REVIEW, _("Waiting for review")), *flags]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Interview]
    ) -> QuerySet[Interview]:
        """Leave the interviews that answer the question."""
        if self.value() == REVIEW:
            return queryset.filter(awaits_review())
        for flag in list_flags():
            if flag.name == self.value():
                return queryset.filter(flag.condition())
        return queryset


class PreviewFilter(admin.SimpleListFilter):
    """Candidates' interviews, unless previews are asked for."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one alternative."""
        return [("preview", _("Previews"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Interview]
    ) -> QuerySet[Interview]:
        """Previews are not counted with the rest."""
        return queryset.filter(is_preview=self.value() == "preview")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Name the default."""
        first, *rest = super().choices(changelist)
        yield {**first, "display": _("Candidates’ interviews")}
        yield from rest
