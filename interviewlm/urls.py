"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import TemplateView

from interviewlm import health
from interviewlm.api import answer_unknown, api

urlpatterns = [
    path("", TemplateView.as_view(template_name="product.html"), name="product"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/costs/", include("interviewlm.costs.urls")),
    path("admin/figures/", include("interviewlm.figures.urls")),
    path("admin/stuck/", include("interviewlm.stuck.urls")),
    path("admin/", admin.site.urls),
    path("", include("interviews.urls")),
    path("", include("assistant.urls")),
    path("", include("recordings.urls")),
    path("api/v1/", api.urls),
    path("api/v1/<path:address>", answer_unknown),
]
