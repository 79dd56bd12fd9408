"""What `manage.py check` says of the settings MEDIA_*."""

from typing import Any

from django.conf import settings
from django.core import checks

from base.bucket import read_bucket
from recordings.storage.rules import LEAST_DAYS


@checks.register()
def check_media_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Find settings that contradict each other; asks no store."""
    bucket = read_bucket()
    found: list[checks.CheckMessage] = []
    if bucket is None:
        if settings.MEDIA_UPLOAD_ROUTE == "direct":
            found.append(
                checks.Error(
                    "MEDIA_UPLOAD_ROUTE=direct needs a bucket: a disk has no address.",
                    hint="Set MEDIA_S3_BUCKET, or MEDIA_UPLOAD_ROUTE=web.",
                    id="recordings.E001",
                )
            )
        return found
    if bucket.encryption != "none" and not bucket.provider.has_encryption:
        found.append(
            checks.Warning(
                f"{bucket.provider.label} takes no MEDIA_S3_ENCRYPTION; it is not sent.",
                hint="Set it to none: this store always encrypts.",
                id="recordings.W001",
            )
        )
    if bucket.kms_key and bucket.encryption != "aws:kms":
        found.append(
            checks.Error(
                "MEDIA_S3_KMS_KEY is set, but nothing is encrypted with it.",
                hint="Set MEDIA_S3_ENCRYPTION=aws:kms.",
                id="recordings.E002",
            )
        )
    return [*found, *_check_days(bucket.provider.cool_class)]


def _check_days(provider_class: str) -> list[checks.CheckMessage]:
    storage_class = settings.MEDIA_COOL_CLASS or provider_class
    least = LEAST_DAYS.get(storage_class, 0)
    if 0 < settings.MEDIA_COOL_DAYS < least:
        return [
            checks.Error(
                f"{storage_class} takes objects only after {least} days.",
                hint="Raise MEDIA_COOL_DAYS, or set it to 0.",
                id="recordings.E003",
            )
        ]
    return []
