"""Every address of the product."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from interviewlm import health
from interviewlm.api import api

_APPS = [
    f"{app}.urls"
    for app in ("interviews", "recordings", "assistant")
    if find_spec(f"{app}.urls")
]

urlpatterns = [
    path("", TemplateView.as_view(template_name="product.html"), name="product"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    *[path("", include(module)) for module in _APPS],
]
