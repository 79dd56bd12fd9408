"""How the admin narrows any queryset to one organisation. Unknown means nothing."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.admin import AdminSite, FieldListFilter, ModelAdmin
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.access import current_organisation
from accounts.models import Organisation, User

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    _RelatedFilter = RelatedFieldListFilter
else:
    _RelatedFilter = object


def find_path(model: type[Model], site: AdminSite) -> str | None:
    """Return the lookup from `model` to its organisation, None if there is none.

    An empty path means that the rows belong to nobody and everybody sees them.
    """
    if model is Organisation:
        return "pk"
    if model is User:
        return "memberships__organisation"
    if site.is_registered(model):
        path: str | None = getattr(
            site.get_model_admin(model), "organisation_path", None
        )
        return path
    try:
        field = model._meta.get_field("organisation")
    except FieldDoesNotExist:
        return None
    return "organisation" if field.related_model is Organisation else None


def narrow(
    queryset: QuerySet[M], request: HttpRequest, path: str | None
) -> QuerySet[M]:
    """Return only the rows of the request's organisation."""
    organisation = current_organisation(request)
    if organisation is None or path is None:
        return queryset.none()
    return queryset.filter(**{path: organisation.pk}) if path else queryset


def scope(queryset: QuerySet[M], request: HttpRequest, site: AdminSite) -> QuerySet[M]:
    """Narrow rows of any model, as choices of a form or of a filter."""
    return narrow(queryset, request, find_path(queryset.model, site))


class ScopedFilterMixin(_RelatedFilter):
    """A filter by a related object that offers only the organisation's own."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> list[tuple[Any, Any]]:
        """Return the own rows the filter may offer."""
        own = scope(
            field.related_model._default_manager.all(), request, model_admin.admin_site
        )
        choices: list[tuple[Any, Any]] = field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to={"pk__in": own.values("pk")},
        )
        return choices


class ScopedRelatedFilter(ScopedFilterMixin, RelatedFieldListFilter):
    """Django's own related filter, scoped."""


def scope_filter(item: Any, model: type[Model]) -> Any:
    """Return a `list_filter` entry whose related choices are scoped."""
    if isinstance(item, str):
        field = get_fields_from_path(model, item)[-1]
        return (item, ScopedRelatedFilter) if field.is_relation else item
    if isinstance(item, (tuple, list)):
        path, filter_class = item
        if issubclass(filter_class, RelatedFieldListFilter) and not issubclass(
            filter_class, ScopedFilterMixin
        ):
            return path, _scoped_class(filter_class)
    return item


def _scoped_class(filter_class: type[FieldListFilter]) -> type[FieldListFilter]:
    return type(f"Scoped{filter_class.__name__}", (ScopedFilterMixin, filter_class), {})
