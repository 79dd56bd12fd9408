"""The review desk's addresses, below /admin/interviews/interview/, strict policy."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from interviewlm.review import views

_BASE = "<uuid:interview_id>/review"


def build_urls() -> list[Any]:
    """Return the patterns, each behind the admin's sign-in.

    Django's own `admin_view` guards them: our site's would add unfold's looser policy.
    """
    table = (
        (f"{_BASE}/", views.show_review, "interview-review"),
        (f"{_BASE}/state/", views.show_state, "interview-review-state"),
        (f"{_BASE}/file/", views.show_file, "interview-review-file"),
        (f"{_BASE}/origins/", views.show_origins, "interview-review-origins"),
        (f"{_BASE}/content/", views.download_content, "interview-review-content"),
        (f"{_BASE}/archive/", views.download_archive, "interview-review-archive"),
        (
            f"{_BASE}/terminals/<slug:name>/",
            views.show_terminal,
            "interview-review-terminal",
        ),
        (
            f"{_BASE}/runs/<uuid:run_id>/output/",
            views.show_output,
            "interview-review-output",
        ),
        (f"{_BASE}/do/<slug:name>/", views.operate, "interview-review-do"),
        (
            f"{_BASE}/steps/<int:step_id>/retry/",
            views.retry_step,
            "interview-review-retry",
        ),
        (
            f"{_BASE}/reports/<int:report_id>/resolve/",
            views.resolve_report,
            "interview-review-resolve",
        ),
    )
    return [
        path(route, AdminSite.admin_view(admin.site, view), name=name)
        for route, view, name in table
    ]
