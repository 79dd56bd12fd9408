"""The wiring app, and the admin site it installs."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """The admin with our site: one organisation at a time, sign-in by allauth."""

    default_site = "interviewlm.admin_site.InterviewlmAdminSite"


class InterviewlmConfig(AppConfig):
    """Composes the apps."""

    name = "interviewlm"
    verbose_name = "InterviewLM"

    def ready(self) -> None:
        """Register what is told of budgets, and the kinds of events it writes."""
        import_module("interviewlm.wiring")
