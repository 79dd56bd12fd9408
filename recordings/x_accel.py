"""Leaving the bytes to a front server that reads the same folder (nginx)."""

from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase


def accelerated(key: str, content_type: str) -> HttpResponseBase | None:
    """Return an answer the front server turns into the file, by ranges.

    None where there is no front server, or the file lies in a bucket.
    """
    prefix = settings.MEDIA_X_ACCEL.rstrip("/")
    if not prefix or settings.MEDIA_S3_BUCKET:
        return None
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = f"{prefix}/{quote(key)}"
    response["Cache-Control"] = "private, no-cache"
    return response
