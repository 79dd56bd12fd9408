"""The wiring app, and the admin site it installs."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    """The admin with our site: one organisation at a time, sign-in by allauth."""

    default_site = "interviewlm.admin_site.InterviewlmAdminSite"


class InterviewlmConfig(AppConfig):
    """Composes the apps."""

    name = "interviewlm"
    verbose_name = "InterviewLM"
