"""Django's default storage where media lie in a bucket: every machine has the same files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]


class BucketStorage(S3Storage):  # type: ignore[misc]  # the package has no types
    """The bucket of MEDIA_S3_*. What it refuses is an OSError, as on a disk.

    For small files: opening one reads all of it.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """Take the product's own settings in place of the package's."""
        endpoint = settings.MEDIA_S3_ENDPOINT_URL
        return {
            **super().get_default_settings(),
            "bucket_name": settings.MEDIA_S3_BUCKET,
            "endpoint_url": endpoint or None,
            "region_name": settings.MEDIA_S3_REGION,
            "access_key": settings.MEDIA_S3_ACCESS_KEY or None,
            "secret_key": settings.MEDIA_S3_SECRET_KEY or None,
            "file_overwrite": False,
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if endpoint else "auto"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        }

    def _save(self, name: str, content: File[bytes]) -> str:
        with _translated():
            return str(super()._save(name, content))

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        with _translated(), super()._open(name, mode) as source:
            return ContentFile(source.read(), name)

    def exists(self, name: str) -> bool:
        """Say whether there is such an object."""
        with _translated():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        """Remove an object; harmless when there is none."""
        with _translated():
            super().delete(name)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError("the bucket refused or did not answer") from error
