"""People who are invited."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import OrganisationAdmin
from interviews.errors import WrongStateError
from interviews.models import Candidate


@admin.register(Candidate)
class CandidateAdmin(OrganisationAdmin[Candidate]):
    """Candidates; a colleague's previews are left out."""

    permission_object = "candidate"
    list_display = ["name_or_email", "email", "interview_count", "created_at"]
    search_fields = ["name", "email"]
    ordering = ["email"]
    fields = ["name", "email", "interview_list", "created_at"]
    readonly_fields = ["interview_list", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Candidate]:
        """Count the interviews; leave out previews."""
        return (
            super()
            .get_queryset(request)
            .filter(is_preview=False)
            .annotate(count=Count("interviews"))
        )

    @admin.display(description=_("name"), ordering="name")
    def name_or_email(self, candidate: Candidate) -> str:
        """Return what to call the person."""
        return str(candidate)

    @admin.display(description=_("interviews"), ordering="count")
    def interview_count(self, candidate: Any) -> int:
        """Return how many interviews there are."""
        return int(candidate.count)

    @admin.display(description=_("interviews"))
    def interview_list(self, candidate: Candidate) -> str:
        """Link to the interviews of this candidate."""
        if candidate._state.adding:
            return ""
        address = reverse("admin:interviews_interview_changelist")
        return format_html(
            '<a class="text-link" href="{}?candidate__id__exact={}">{}</a>',
            address,
            candidate.pk,
            _("Show their interviews"),
        )

    def delete_model(self, request: HttpRequest, obj: Candidate) -> None:
        """Delete somebody who was never invited."""
        _refuse_invited([obj])
        super().delete_model(request, obj)

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Candidate]
    ) -> None:
        """Delete people who were never invited, all or none."""
        with transaction.atomic():
            _refuse_invited(queryset)
            super().delete_queryset(request, queryset)


def _refuse_invited(candidates: Any) -> None:
    """An interview's record includes its candidate: it is not deleted by the way."""
    for candidate in candidates:
        if candidate.interviews.exists():
            raise WrongStateError(
                _now("A candidate with interviews cannot be deleted here.")
            )
