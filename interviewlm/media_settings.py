"""Where recordings lie, how they get there and how long they stay: settings MEDIA_*."""

from urllib.parse import urlsplit

from base.env import env_bool, env_choice, env_int, env_str

__all__ = [
    "MEDIA_BUCKET_ORIGINS",
    "MEDIA_CHUNK_DAYS",
    "MEDIA_COOL_CLASS",
    "MEDIA_COOL_DAYS",
    "MEDIA_PLAY_ROUTE",
    "MEDIA_RENDITION",
    "MEDIA_S3_ACCESS_KEY",
    "MEDIA_S3_BUCKET",
    "MEDIA_S3_ENCRYPTION",
    "MEDIA_S3_ENDPOINT_URL",
    "MEDIA_S3_KMS_KEY",
    "MEDIA_S3_PROVIDER",
    "MEDIA_S3_REGION",
    "MEDIA_S3_SECRET_KEY",
    "MEDIA_UPLOAD_ROUTE",
    "MEDIA_X_ACCEL",
]

MEDIA_S3_BUCKET = env_str("MEDIA_S3_BUCKET", "")
MEDIA_S3_ENDPOINT_URL = env_str("MEDIA_S3_ENDPOINT_URL", "")
MEDIA_S3_REGION = env_str("MEDIA_S3_REGION", "us-east-1")
MEDIA_S3_ACCESS_KEY = env_str("MEDIA_S3_ACCESS_KEY", "")
MEDIA_S3_SECRET_KEY = env_str("MEDIA_S3_SECRET_KEY", "")
MEDIA_S3_PROVIDER = env_choice(
    "MEDIA_S3_PROVIDER", ("auto", "aws", "minio", "r2", "other"), "auto"
)
MEDIA_S3_ENCRYPTION = env_choice(
    "MEDIA_S3_ENCRYPTION", ("none", "AES256", "aws:kms"), "none"
)
MEDIA_S3_KMS_KEY = env_str("MEDIA_S3_KMS_KEY", "")
MEDIA_UPLOAD_ROUTE = env_choice("MEDIA_UPLOAD_ROUTE", ("web", "direct"), "web")
MEDIA_PLAY_ROUTE = env_choice("MEDIA_PLAY_ROUTE", ("web", "direct"), "direct")
MEDIA_RENDITION = env_bool("MEDIA_RENDITION", default=False)
MEDIA_X_ACCEL = env_str("MEDIA_X_ACCEL", "")
MEDIA_COOL_DAYS = env_int("MEDIA_COOL_DAYS", 30)
MEDIA_COOL_CLASS = env_str("MEDIA_COOL_CLASS", "")
MEDIA_CHUNK_DAYS = env_int("MEDIA_CHUNK_DAYS", 7)


def _bucket_origins() -> list[str]:
    """Return where a browser meets the bucket itself, for the pages' policy."""
    if not MEDIA_S3_BUCKET:
        return []
    if MEDIA_S3_ENDPOINT_URL:
        address = urlsplit(MEDIA_S3_ENDPOINT_URL)
        return [
            f"{address.scheme}://{address.netloc}",
            f"{address.scheme}://{MEDIA_S3_BUCKET}.{address.netloc}",
        ]
    # Which of the two depends on the bucket's name and region.
    return [
        f"https://{MEDIA_S3_BUCKET}.s3.amazonaws.com",
        f"https://{MEDIA_S3_BUCKET}.s3.{MEDIA_S3_REGION}.amazonaws.com",
    ]


MEDIA_BUCKET_ORIGINS = _bucket_origins()
