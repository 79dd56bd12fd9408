"""Sockets of the assistant app."""

from django.urls import path

from assistant.consumers import AssistantConsumer

# Channels routes with Django's `path`, whose stub knows only views.
websocket_urlpatterns = [
    path(
        "ws/interviews/<uuid:interview_id>/assistant/",
        AssistantConsumer.as_asgi(),  # type: ignore[arg-type]
    ),
]
