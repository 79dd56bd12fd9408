"""What differs between makers: encryption, rules, addresses; and what checks say of it."""

import json
from datetime import timedelta

import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from base.bucket import find_provider, make_client, read_bucket
from recordings.storage import MediaStore, get_store
from recordings.system_checks import check_media_settings
from tests.recordings.stores.test_stores import KEY, put

R2 = "https://0123456789abcdef.r2.cloudflarestorage.com"


@pytest.mark.parametrize(
    ("name", "endpoint", "expected"),
    [
        ("auto", "", "aws"),
        ("auto", "https://s3.eu-central-1.amazonaws.com", "aws"),
        ("auto", R2, "r2"),
        ("auto", "http://minio:9000", "minio"),
        ("auto", "https://objects.example.org", "other"),
        ("minio", "https://objects.example.org", "minio"),
    ],
)
def test_provider_is_told_by_name_or_address(
    name: str, endpoint: str, expected: str
) -> None:
    assert find_provider(name, endpoint).name == expected


@pytest.mark.parametrize(
    ("encryption", "key", "sent"),
    [
        ("none", "", (None, None)),
        ("AES256", "", ("AES256", None)),
        ("aws:kms", "alias/media", ("aws:kms", "alias/media")),
    ],
    ids=["none", "aes", "kms"],
)
def test_every_write_asks_for_encryption(
    moto_store: MediaStore,
    settings: Settings,
    encryption: str,
    key: str,
    sent: tuple[str | None, str | None],
) -> None:
    settings.MEDIA_S3_ENCRYPTION, settings.MEDIA_S3_KMS_KEY = encryption, key
    store, bucket = get_store(), read_bucket()
    assert bucket is not None
    put(store, "small", b"data")
    sink = store.large("large", "video/webm")
    sink.begin().write(b"data")
    sink.commit()

    for name in ("small", "large"):
        head = make_client(bucket).head_object(Bucket=bucket.name, Key=name)
        found = (head.get("ServerSideEncryption"), head.get("SSEKMSKeyId"))
        assert found == sent
    signed = store.presign_put(
        KEY, size=1, sha256="0" * 64, content_type="a/b", expires=timedelta(minutes=5)
    )
    assert signed is not None
    assert signed.headers.get("x-amz-server-side-encryption") == sent[0]
    assert signed.headers.get("x-amz-server-side-encryption-aws-kms-key-id") == sent[1]
    has_signed_it = "x-amz-server-side-encryption" in signed.url
    assert has_signed_it == (sent[0] is not None)


def test_r2_is_sent_no_encryption_and_a_path(settings: Settings) -> None:
    settings.MEDIA_S3_BUCKET, settings.MEDIA_S3_ENDPOINT_URL = "media", R2
    settings.MEDIA_S3_ENCRYPTION = "AES256"
    settings.MEDIA_S3_ACCESS_KEY = settings.MEDIA_S3_SECRET_KEY = "testing"
    bucket = read_bucket()
    assert bucket is not None
    assert bucket.write_options() == {}
    address = get_store().presign_get("a/b", expires=timedelta(minutes=5))
    assert address is not None
    assert address.startswith(f"{R2}/media/a/b?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in address


def rules(output: str) -> dict[str, dict[str, object]]:
    return {rule["ID"]: rule for rule in json.loads(output)["rules"]}


def test_rules_are_applied_beside_those_of_others(
    moto_store: MediaStore, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = read_bucket()
    assert bucket is not None
    foreign = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 7},
    }
    make_client(bucket).put_bucket_lifecycle_configuration(
        Bucket=bucket.name,
        LifecycleConfiguration={"Rules": [foreign]},  # type: ignore[list-item]
    )
    settings.MEDIA_S3_PROVIDER = "aws"
    settings.MEDIA_S3_ENDPOINT_URL = bucket.endpoint_url

    call_command("storage", "lifecycle", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert [rule["ID"] for rule in shown["present"]] == ["theirs"]
    for _time in range(2):
        call_command("storage", "lifecycle", "--apply", "--json")
        applied = rules(capsys.readouterr().out)
    assert set(applied) == {
        "theirs",
        "interviewlm-abort-unfinished",
        "interviewlm-cool",
    }
    assert applied["interviewlm-cool"]["Transitions"] == [
        {"Days": 30, "StorageClass": "STANDARD_IA"}
    ]

    settings.MEDIA_COOL_DAYS = 0
    call_command("storage", "lifecycle", "--apply", "--json")
    assert set(rules(capsys.readouterr().out)) == {
        "theirs",
        "interviewlm-abort-unfinished",
    }


def test_minio_is_asked_for_nothing_it_ignores(
    moto_store: MediaStore, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MEDIA_S3_PROVIDER = "minio"
    call_command("storage", "lifecycle", "--json")
    assert json.loads(capsys.readouterr().out)["wanted"] == []
    settings.MEDIA_COOL_CLASS = "COLD-TIER"
    call_command("storage", "lifecycle", "--json")
    [rule] = json.loads(capsys.readouterr().out)["wanted"]
    assert rule["Transitions"] == [{"Days": 30, "StorageClass": "COLD-TIER"}]


def test_disk_has_no_rules() -> None:
    with pytest.raises(CommandError, match="on a disk"):
        call_command("storage", "lifecycle")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"MEDIA_UPLOAD_ROUTE": "direct"}, ["recordings.E001"]),
        ({"MEDIA_UPLOAD_ROUTE": "direct", "MEDIA_S3_BUCKET": "media"}, []),
        (
            {
                "MEDIA_S3_BUCKET": "media",
                "MEDIA_S3_ENDPOINT_URL": R2,
                "MEDIA_S3_ENCRYPTION": "AES256",
            },
            ["recordings.W001"],
        ),
        (
            {"MEDIA_S3_BUCKET": "media", "MEDIA_S3_KMS_KEY": "alias/media"},
            ["recordings.E002"],
        ),
        ({"MEDIA_S3_BUCKET": "media", "MEDIA_COOL_DAYS": 7}, ["recordings.E003"]),
    ],
    ids=["disk", "direct to a disk", "direct", "R2", "key for nothing", "too soon"],
)
def test_settings_that_contradict_each_other(
    settings: Settings, changes: dict[str, object], expected: list[str]
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = check_media_settings(None)
    assert [message.id for message in found] == expected
    assert all(isinstance(message, checks.CheckMessage) for message in found)
