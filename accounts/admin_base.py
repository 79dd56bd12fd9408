"""The base of every admin page about an organisation's rows.

    @admin.register(PipelineStep)
    class PipelineStepAdmin(ReadOnlyOrganisationAdmin[PipelineStep]):
        organisation_path = "interview__organisation"   # from the model, to-one only
        permission_object = "pipeline"                  # a line of permissions.TABLE
        list_display = ["interview", "name", "state"]
        list_select_related = ["interview__candidate"]  # a changelist costs the same
        actions = ["retry"]                             # number of queries at any length

        @admin.action(description=_("Retry"), permissions=["retry"])
        def retry(self, request, queryset): ...          # calls a service, audits

What the base does: rows, choices of forms, autocomplete, related filters, history
and actions know only the organisation picked in the session; what a role may do is
read from the table, and each further verb of the object (`retry`) is there as
`has_retry_permission`. A model with an `organisation` field gets it set on adding:
leave it out of `fields`. Whatever is saved or deleted leaves an audit row, unless
`is_audited_by_service` says that the service called does so. A DomainError that a
service raises becomes a message on the page.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet, UniqueConstraint
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.access import current_organisation, standing_of
from accounts.admin_scope import narrow, scope, scope_filter
from accounts.models import Organisation, User
from accounts.permissions import ADD, CHANGE, DELETE, TABLE, VIEW
from accounts.services.audit import record_audit
from base.errors import DomainError

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[M]):
        """What unfold's untyped class is to the type checker."""

    class _TabularInline(admin.TabularInline[M, P]):
        """The same for rows."""

    class _StackedInline(admin.StackedInline[M, P]):
        """The same for blocks."""

    _FormBase = ModelForm[Any]
    _ScopeBase = admin.options.BaseModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as _UnfoldModelAdmin
    from unfold.admin import StackedInline as _UnfoldStackedInline
    from unfold.admin import TabularInline as _UnfoldTabularInline

    class _ModelAdmin(_UnfoldModelAdmin, Generic[M]):
        """unfold's class, with the type parameter Django's stubs know."""

    class _TabularInline(_UnfoldTabularInline, Generic[M, P]):
        """The same for rows."""

    class _StackedInline(_UnfoldStackedInline, Generic[M, P]):
        """The same for blocks."""

    _FormBase = object
    _ScopeBase = object


class _OwnedForm(_FormBase):
    """A form whose new rows belong to the request's organisation.

    The organisation takes part in validation, so that a clash with an own row is
    an error beside the field and not a failed insert.
    """

    owner: ClassVar[Organisation | None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.organisation = self.owner

    def _get_validation_exclusions(self) -> set[str]:
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions - {"organisation"} - self._fields_of_own_constraints()

    def _fields_of_own_constraints(self) -> set[str]:
        """Return what makes rows unique beside the organisation and has a value."""
        names = {
            name
            for constraint in self.instance._meta.constraints
            if isinstance(constraint, UniqueConstraint)
            and "organisation" in constraint.fields
            for name in constraint.fields
        }
        return {
            name
            for name in names - set(self.fields)
            if getattr(self.instance, self.instance._meta.get_field(name).attname, None)
            is not None
        }


class OrganisationScope(_ScopeBase):
    """Permissions from the table and own choices only: for pages and inlines."""

    permission_object: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class `has_<verb>_permission` for each further verb."""
        super().__init_subclass__(**kwargs)
        name = getattr(cls, "permission_object", None)
        if name is None:
            return
        verbs = set().union(*TABLE[name].values()) - {VIEW, ADD, CHANGE, DELETE}
        for verb in verbs:
            setattr(cls, f"has_{verb}_permission", _permission_check(verb))

    def is_permitted(self, request: HttpRequest, verb: str) -> bool:
        """Ask the table about this page's object."""
        standing = standing_of(request)
        return standing is not None and standing.may(verb, self.permission_object)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table."""
        return self.is_permitted(request, VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table."""
        return self.is_permitted(request, ADD)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table."""
        return self.is_permitted(request, CHANGE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask the table."""
        return self.is_permitted(request, DELETE)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the model in menus to those who may see its rows."""
        return self.is_permitted(request, VIEW)

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any]:
        """Offer only the organisation's rows as related objects."""
        queryset = super().get_field_queryset(db, db_field, request)
        if queryset is None:
            queryset = db_field.remote_field.model._default_manager.all()
        return scope(queryset, request, self.admin_site)


class OrganisationAdmin(OrganisationScope, _ModelAdmin[M]):
    """An admin page of rows that belong to one organisation; see the module."""

    organisation_path: str = "organisation"
    is_audited_by_service = False
    show_full_result_count = False
    view_on_site = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Return the rows of the request's organisation."""
        return narrow(super().get_queryset(request), request, self.organisation_path)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Scope the choices of related filters."""
        return [
            scope_filter(item, self.model) for item in super().get_list_filter(request)
        ]

    @property
    def is_owned(self) -> bool:
        """Whether the rows carry their organisation themselves."""
        try:
            self.model._meta.get_field("organisation")
        except FieldDoesNotExist:
            return False
        return self.organisation_path == "organisation"

    def get_exclude(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Leave the organisation out of forms: it is set on adding."""
        exclude = super().get_exclude(request, obj)
        if not self.is_owned:
            return exclude
        if exclude is None:
            options = getattr(self.form, "_meta", None)
            exclude = getattr(options, "exclude", None)
        return [*(exclude or ()), "organisation"]

    def get_form(
        self,
        request: HttpRequest,
        obj: M | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **kwargs: Any,
    ) -> type[ModelForm[M]]:
        """Return the form, its new rows belonging to the organisation."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not self.is_owned:
            return form
        owned = {"owner": current_organisation(request)}
        metaclass: Any = type(form)
        owned_form: type[ModelForm[M]] = metaclass(
            form.__name__, (_OwnedForm, form), owned
        )
        return owned_form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Say what a service refused instead of failing; 404 for a stranger."""
        if object_id is not None:
            self._require_row(request, object_id)
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            return self._refuse(request, error)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Say what a service refused instead of failing; 404 for a stranger."""
        self._require_row(request, object_id)
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            return self._refuse(request, error)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Say what an action's service refused instead of failing."""
        try:
            return super().changelist_view(request, extra_context)
        except DomainError as error:
            return self._refuse(request, error)

    def _require_row(self, request: HttpRequest, object_id: str) -> None:
        """Answer 404 before anything about rights tells that there is a row."""
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404

    def _refuse(self, request: HttpRequest, error: DomainError) -> HttpResponse:
        self.message_user(request, str(error.message), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponseRedirect:
        raise Http404

    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Write the audit row beside Django's own entry."""
        self._audit(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Write the audit row beside Django's own entry."""
        if message:
            self._audit(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[M]) -> Any:
        """Write the audit rows beside Django's own entries."""
        for obj in queryset:
            self._audit(request, obj, "deleted", ())
        return super().log_deletions(request, queryset)

    def _audit(self, request: HttpRequest, obj: M, did: str, message: Any) -> None:
        organisation = current_organisation(request)
        if self.is_audited_by_service or organisation is None:
            return
        changes = message if isinstance(message, list) else []
        fields = [
            name
            for change in changes
            for part in change.values()
            for name in part.get("fields", ())
        ]
        action = f"{obj._meta.model_name}.{did}"
        details = {"fields": fields} if fields else {}
        record_audit(request.user, organisation, action, obj, details)


class ReadOnlyOrganisationAdmin(OrganisationAdmin[M]):
    """Rows that services write: shown, never edited. Actions still work."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False


class SharedAdmin(ReadOnlyOrganisationAdmin[M]):
    """Rows that belong to nobody (prices, prompts): read by role, never edited."""

    organisation_path = ""


class OperatorAdmin(_ModelAdmin[M]):
    """Rows of the whole installation: for the operator's eyes, changed with care."""

    show_full_result_count = False
    view_on_site = False

    def _is_operator(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to the operator."""
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to the operator."""
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let the operator change it."""
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never here: commands and services add."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never here."""
        return False


class OrganisationTabularInline(OrganisationScope, _TabularInline[M, P]):
    """Rows of a child model on its parent's page; name their `permission_object`."""

    extra = 0


class OrganisationStackedInline(OrganisationScope, _StackedInline[M, P]):
    """Blocks of a child model on its parent's page; name their `permission_object`."""

    extra = 0


def _permission_check(verb: str) -> Any:
    def has_permission(
        self: OrganisationScope, request: HttpRequest, obj: Any = None
    ) -> bool:
        return self.is_permitted(request, verb)

    has_permission.__name__ = f"has_{verb}_permission"
    return has_permission
