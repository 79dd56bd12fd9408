"""The bucket's own rules: what the store does to objects without being asked."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from django.conf import settings

from base.bucket import Bucket, make_client
from recordings.storage.bucket import translated
from recordings.storage.protocol import StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import LifecycleRuleUnionTypeDef

ABORT_DAYS = 2
# Rules whose names begin so are ours to replace; all others are left alone.
OURS = "interviewlm-"
# Amazon takes an object into these classes only after so many days.
LEAST_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}


def build_rules(bucket: Bucket) -> list[dict[str, Any]]:
    """Return the rules this provider takes, as S3 writes them.

    None deletes recordings: how long they are kept differs from organisation to
    organisation, so that the product does it itself.
    """
    rules: list[dict[str, Any]] = []
    if bucket.provider.has_abort_rule:
        rules.append(
            {
                "ID": f"{OURS}abort-unfinished",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_DAYS},
            }
        )
    days: int = settings.MEDIA_COOL_DAYS
    storage_class = settings.MEDIA_COOL_CLASS or bucket.provider.cool_class
    if storage_class and days:
        rules.append(
            {
                "ID": f"{OURS}cool",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "Transitions": [{"Days": days, "StorageClass": storage_class}],
            }
        )
    return rules


def read_rules(bucket: Bucket) -> list[dict[str, Any]]:
    """Return the rules the bucket has. Raises StorageError."""
    client = make_client(bucket)
    try:
        answer = client.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _NO_RULES:
            return []
        raise StorageError from error
    return [dict(rule) for rule in answer["Rules"]]


_NO_RULES = frozenset({"NoSuchLifecycleConfiguration", "404"})


def apply_rules(bucket: Bucket) -> list[dict[str, Any]]:
    """Put ours in place of our older ones, keep everybody else's; return all.

    Raises StorageError where the store refuses them.
    """
    foreign = [rule for rule in read_rules(bucket) if not _is_ours(rule)]
    rules = [*foreign, *build_rules(bucket)]
    client = make_client(bucket)
    with translated():
        if rules:
            client.put_bucket_lifecycle_configuration(
                Bucket=bucket.name,
                LifecycleConfiguration={"Rules": _typed(rules)},
            )
        else:
            client.delete_bucket_lifecycle(Bucket=bucket.name)
    return rules


def _is_ours(rule: dict[str, Any]) -> bool:
    return str(rule.get("ID", "")).startswith(OURS)


def _typed(rules: list[dict[str, Any]]) -> "list[LifecycleRuleUnionTypeDef]":
    return rules  # type: ignore[return-value]  # the store is who judges them
