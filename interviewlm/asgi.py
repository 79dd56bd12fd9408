"""The ASGI application: HTTP to Django, sockets to consumers."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewlm.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 -- needs the apps loaded

from interviewlm.bodies import BodyLimit  # noqa: E402 -- same reason
from interviewlm.routing import websocket_application  # noqa: E402 -- same reason

application = ProtocolTypeRouter(
    {"http": BodyLimit(django_application), "websocket": websocket_application}
)
