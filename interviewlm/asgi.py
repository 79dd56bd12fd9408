"""The ASGI application: HTTP to Django, sockets to consumers."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewlm.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402 -- needs the apps loaded

from interviewlm.bodies import BodyLimit  # noqa: E402 -- same reason
from interviewlm.body_files import BodyFileHandler  # noqa: E402 -- same reason
from interviewlm.routing import websocket_application  # noqa: E402 -- same reason

django_application = BodyFileHandler()
application = ProtocolTypeRouter(
    {"http": BodyLimit(django_application), "websocket": websocket_application}
)
