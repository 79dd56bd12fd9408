"""Django's default storage where media lie in a bucket: every machine has the same files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from base.bucket import client_config, read_bucket


class BucketStorage(S3Storage):  # type: ignore[misc]  # the package has no types
    """The bucket of MEDIA_S3_*. What it refuses is an OSError, as on a disk.

    For small files: opening one reads all of it.
    """

    def get_default_settings(self) -> dict[str, Any]:
        """Take the product's own settings in place of the package's."""
        bucket = read_bucket()
        if bucket is None:
            raise ImproperlyConfigured("MEDIA_S3_BUCKET names no bucket.")
        return {
            **super().get_default_settings(),
            "bucket_name": bucket.name,
            "endpoint_url": bucket.endpoint_url or None,
            "region_name": bucket.region,
            "access_key": bucket.access_key or None,
            "secret_key": bucket.secret_key or None,
            "file_overwrite": False,
            "object_parameters": bucket.write_options(),
            "client_config": client_config(bucket),
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
