"""The bucket of MEDIA_S3_*, and everything in which S3, MinIO and R2 differ."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from django.conf import settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True, slots=True)
class Provider:
    """How one maker's stores differ from the others.

    All take parts of equal size and no ACL, and want SigV4 and no checksum nobody asked
    for: that is so for every one of them, here and in `recordings.media.multipart`.
    """

    name: str
    label: str
    # Takes x-amz-server-side-encryption; R2 refuses it and always encrypts.
    has_encryption: bool
    # The bucket's own rules abort uploads nobody finished. MinIO does it without a rule.
    has_abort_rule: bool
    # What its rules can move objects to; empty where that is a tier somebody has to make.
    cool_class: str
    # Names the bucket in the path instead of the host.
    is_path_style: bool


PROVIDERS = {
    each.name: each
    for each in (
        Provider(
            "aws",
            "Amazon S3",
            has_encryption=True,
            has_abort_rule=True,
            cool_class="STANDARD_IA",
            is_path_style=False,
        ),
        Provider(
            "minio",
            "MinIO",
            has_encryption=True,
            has_abort_rule=False,
            cool_class="",
            is_path_style=True,
        ),
        Provider(
            "r2",
            "Cloudflare R2",
            has_encryption=False,
            has_abort_rule=True,
            cool_class="STANDARD_IA",
            is_path_style=True,
        ),
        Provider(
            "other",
            "S3-compatible",
            has_encryption=True,
            has_abort_rule=True,
            cool_class="",
            is_path_style=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the bucket is, who opens it, and how what is written there is encrypted."""

    name: str
    endpoint_url: str
    region: str
    access_key: str
    secret_key: str
    provider: Provider
    encryption: str
    kms_key: str

    def write_options(self) -> dict[str, str]:
        """Return the options that every write and every started upload must carry."""
        if self.encryption == "none" or not self.provider.has_encryption:
            return {}
        options = {"ServerSideEncryption": self.encryption}
        if self.encryption == "aws:kms" and self.kms_key:
            options["SSEKMSKeyId"] = self.kms_key
        return options


def read_bucket() -> Bucket | None:
    """Return the bucket the settings name; None where media lie on a disk."""
    if not settings.MEDIA_S3_BUCKET:
        return None
    return Bucket(
        name=settings.MEDIA_S3_BUCKET,
        endpoint_url=settings.MEDIA_S3_ENDPOINT_URL,
        region=settings.MEDIA_S3_REGION,
        access_key=settings.MEDIA_S3_ACCESS_KEY,
        secret_key=settings.MEDIA_S3_SECRET_KEY,
        provider=find_provider(
            settings.MEDIA_S3_PROVIDER, settings.MEDIA_S3_ENDPOINT_URL
        ),
        encryption=settings.MEDIA_S3_ENCRYPTION,
        kms_key=settings.MEDIA_S3_KMS_KEY,
    )


def find_provider(name: str, endpoint_url: str) -> Provider:
    """Return the named one, or for "auto" the one whose address this is."""
    if name != "auto":
        return PROVIDERS[name]
    host = urlsplit(endpoint_url).hostname or ""
    if not endpoint_url or host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return PROVIDERS["aws"]
    if host.endswith(".r2.cloudflarestorage.com"):
        return PROVIDERS["r2"]
    return PROVIDERS["minio" if host.split(".")[0] == "minio" else "other"]


def client_config(bucket: Bucket) -> Config:
    """Return how requests are signed, addressed, checked and repeated."""
    return Config(
        # Without it some endpoints get addresses signed the old way.
        signature_version="s3v4",
        s3={"addressing_style": "path" if bucket.provider.is_path_style else "auto"},
        # The checksums boto3 adds by itself are unknown to older stores.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=60,
        retries={"max_attempts": 3, "mode": "standard"},
    )


@lru_cache(maxsize=4)
def make_client(bucket: Bucket) -> "S3Client":
    """Return the process's one client; it is safe to share between threads."""
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=bucket.endpoint_url or None,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key or None,
        aws_secret_access_key=bucket.secret_key or None,
        config=client_config(bucket),
    )
    return client
