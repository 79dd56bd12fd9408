"""Sockets of the interviews app."""

from django.urls import path

from interviews.consumers.terminal import TerminalConsumer
from interviews.consumers.workspace import WorkspaceConsumer

# Channels routes with Django's `path`, whose stub knows only views.
websocket_urlpatterns = [
    path(
        "ws/interviews/<uuid:interview_id>/workspace/",
        WorkspaceConsumer.as_asgi(),  # type: ignore[arg-type]
    ),
    path(
        "ws/interviews/<uuid:interview_id>/terminal/<slug:name>/",
        TerminalConsumer.as_asgi(),  # type: ignore[arg-type]
    ),
]
