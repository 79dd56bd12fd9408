"""Operations on one object: buttons above its page, each a POST of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import path, reverse

from accounts.access import standing_of
from accounts.admin_base import M, OrganisationAdmin
from accounts.models import User
from base.errors import DomainError


@dataclass(frozen=True)
class Operation:
    """Something one may do to an object; `run_<name>` of the page does it.

    `verb` and `object_name` are a line of the permission table.
    """

    name: str
    label: Any
    verb: str
    object_name: str
    form: type[forms.Form] = forms.Form
    is_dangerous: bool = False
    help: Any = ""


class OperationsAdmin(OrganisationAdmin[M]):
    """A page with operations; each `run_<name>(request, obj, values)` calls a service.

    The method returns a sentence for the person, or a response.
    """

    operations: Sequence[Operation] = ()
    change_form_outer_before_template = "admin/interviews/_operations.html"

    def get_urls(self) -> list[Any]:
        """Add one address for all operations of an object."""
        meta = self.model._meta
        own = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(self.operation_view),
            name=f"{meta.app_label}_{meta.model_name}_do",
        )
        return [own, *super().get_urls()]

    def get_operations(self, request: HttpRequest, obj: M) -> list[Operation]:
        """Return what makes sense for the object now; permissions come on top."""
        return list(self.operations)

    def get_operation_form(
        self, request: HttpRequest, obj: M, operation: Operation
    ) -> type[forms.Form]:
        """Return the form with what may be chosen for this object."""
        return operation.form

    def operation_view(
        self, request: HttpRequest, object_id: str, name: str
    ) -> HttpResponse:
        """Do one operation and go back to the object's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.get_object(request, unquote(object_id))
        found = [one for one in self.operations if one.name == name]
        if obj is None or not found:
            raise Http404
        if not may(request, found[0].verb, found[0].object_name):
            raise PermissionDenied
        form = self.get_operation_form(request, obj, found[0])(request.POST)
        page = HttpResponseRedirect(self.page_of(obj))
        if not form.is_valid():
            for error in form.errors.values():
                self.message_user(request, " ".join(map(str, error)), messages.ERROR)
            return page
        try:
            done = getattr(self, f"run_{name}")(request, obj, form.cleaned_data)
        except DomainError as error:
            self.message_user(request, str(error.message), messages.ERROR)
            return page
        if isinstance(done, HttpResponse):
            return done
        self.message_user(request, str(done), messages.SUCCESS)
        return page

    def page_of(self, obj: M) -> str:
        """Return the address of the object's page."""
        meta = self.model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_change"
        return reverse(name, args=[quote(obj.pk)])

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Offer the operations on the object's page."""
        context = {
            "operations": self._offered(request, object_id),
            **self.extra_page_context(request, object_id),
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def extra_page_context(
        self, request: HttpRequest, object_id: str | None
    ) -> dict[str, Any]:
        """Return what else the template above the form needs."""
        return {}

    def _offered(
        self, request: HttpRequest, object_id: str | None
    ) -> list[dict[str, Any]]:
        if object_id is None or not self.operations:
            return []
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return []
        meta = self.model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_do"
        return [
            {
                "operation": operation,
                "form": self.get_operation_form(request, obj, operation)(
                    auto_id=f"do-{operation.name}-%s"
                ),
                "url": reverse(name, args=[quote(obj.pk), operation.name]),
            }
            for operation in self.get_operations(request, obj)
            if may(request, operation.verb, operation.object_name)
        ]


class BackOfficeMedia:
    """The style sheet and the module of these pages; mix into a page."""

    class Media:
        css = {"all": ["css/back_office.css", "css/back_office_actions.css"]}
        js = [forms.widgets.Script("js/pages/back_office.js", type="module")]


def member(request: HttpRequest) -> User:
    """Return the person of an admin request, who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def may(request: HttpRequest, verb: str, object_name: str) -> bool:
    """Ask the permission table about the person of an admin request."""
    standing = standing_of(request)
    return standing is not None and standing.may(verb, object_name)


def do_each(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    queryset: QuerySet[Any],
    do: Callable[[Any, User], object],
    *,
    done: Any,
) -> None:
    """Do something with each object; say with how many, and why some were left alone.

    `done` is the sentence with the number: an `ngettext_lazy` without one.
    """
    actor = member(request)
    refusals: list[str] = []
    count = 0
    for obj in queryset:
        try:
            do(obj, actor)
            count += 1
        except DomainError as error:
            refusals.append(str(error.message))
    for reason in sorted(set(refusals)):
        times = refusals.count(reason)
        text = reason if times == 1 else f"{reason} ({times})"
        model_admin.message_user(request, text, messages.WARNING)
    level = messages.SUCCESS if count else messages.WARNING
    model_admin.message_user(request, done % count, level)
