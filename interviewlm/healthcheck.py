"""Asks the web process of this container whether it is alive: the image's HEALTHCHECK."""

import http.client
import os
import sys
from urllib.parse import urlsplit

PORT = 8000


def main() -> int:
    """Return 0 if /healthz answers 200 to a request for the public name."""
    host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
