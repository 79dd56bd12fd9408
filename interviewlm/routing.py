"""Sockets: origin check outermost, then sessions, then the consumers."""

from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from assistant.routing import websocket_urlpatterns as assistant_urlpatterns
from interviewlm.open_sockets import CountedSockets
from interviewlm.threads import DatabaseThreads
from interviews.routing import websocket_urlpatterns as interviews_urlpatterns

_routes: list[Any] = [*interviews_urlpatterns, *assistant_urlpatterns]

websocket_application = AllowedHostsOriginValidator(
    cast(
        "Any",
        CountedSockets(
            DatabaseThreads(cast("Any", AuthMiddlewareStack(URLRouter(_routes))))
        ),
    )
)
