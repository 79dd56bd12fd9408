"""Filters by what is in the library."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from accounts.admin_scope import ScopedRelatedFilter


class NewestTitleFilter(ScopedRelatedFilter):
    """The organisation's assessments or problems, by the title they have now."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> list[tuple[Any, Any]]:
        """Return the own rows with their newest versions' titles, by title."""
        choices = super().field_choices(field, request, model_admin)
        versions = (
            field.related_model.objects.filter(pk__in=[pk for pk, _slug in choices])
            .order_by("versions__number")
            .values_list("pk", "versions__title")
        )
        titles = dict(versions)  # of several versions the last one stays
        named = [(pk, titles.get(pk) or slug) for pk, slug in choices]
        return sorted(named, key=lambda choice: choice[1].casefold())
