"""Wiring: settings, ASGI, Celery, URLs, the admin site."""

from interviewlm.celery import app as celery_app

__all__ = ["celery_app"]
