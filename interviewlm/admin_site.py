"""The admin site: members of an organisation, one organisation at a time."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allauth.account.views import logout as allauth_logout
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.access import organisations_of, pick_organisation, standing_of
from accounts.dashboard import build_panels
from accounts.models import User
from interviewlm import policies

if TYPE_CHECKING:
    _Site = AdminSite
else:
    from unfold.sites import UnfoldAdminSite as _Site

View = Callable[..., HttpResponseBase]


class InterviewlmAdminSite(_Site):
    """unfold's site behind allauth; its pages, and only they, get the second CSP."""

    index_template = "admin/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active members of any organisation, and the operator."""
        user = request.user
        return (
            isinstance(user, User)
            and user.is_active
            and (user.is_superuser or standing_of(request) is not None)
        )

    def admin_view(self, view: View, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        """Wrap unfold's pages: members only, with the policy Alpine needs."""
        guarded = super().admin_view(view, cacheable)
        return csp_replace(policies.UNFOLD_PAGES)(guarded)

    def strict_admin_view(self, view: View) -> View:
        """Wrap a page of our own under /admin/: members only, the strict policy."""
        return super().admin_view(view)

    def get_urls(self) -> list[Any]:
        """Add the switch, leave out the redirect to any object by number."""
        switch = self.strict_admin_view(require_POST(self.switch_organisation))
        own: list[Any] = [
            path("organisation/", switch, name="organisation-switch"),
        ]
        return own + [url for url in super().get_urls() if not _is_shortcut(url)]

    def switch_organisation(self, request: HttpRequest) -> HttpResponse:
        """Make another of the person's organisations the current one."""
        given = request.POST.get("organisation", "")
        organisation = pick_organisation(
            request, int(given) if given.isdecimal() else 0
        )
        messages.success(
            request,
            _("You are working for %(name)s now.") % {"name": organisation.name},
        )
        return redirect("admin:index")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Tell every page whose rows it shows."""
        context = super().each_context(request)
        standing = standing_of(request) if self.has_permission(request) else None
        if standing:
            context["organisation"] = standing.organisation
            context["organisations"] = organisations_of(standing.user)
            context["role"] = standing.role.label
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show what needs a person today: the panels the apps registered."""
        standing = standing_of(request)
        panels = build_panels(standing) if standing else []
        return super().index(request, {"panels": panels, **(extra_context or {})})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Send strangers to allauth's sign-in, which limits attempts."""
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
            target = reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            return render(request, "account/no_organisation.html", status=403)
        return redirect_to_login(target, str(settings.LOGIN_URL))

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Sign out through allauth."""
        return allauth_logout(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Change the password through allauth."""
        return redirect("account_change_password")


def _is_shortcut(url: Any) -> bool:
    return isinstance(url, URLPattern) and url.name == "view_on_site"
