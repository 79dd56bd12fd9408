"""Doctor's trial of the store: everything recordings need, once, with a small file."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import httpx2
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from django.conf import settings

from base.bucket import Bucket, read_bucket
from base.ids import new_token
from base.readiness import Finding
from recordings.media.multipart import PART_SIZE
from recordings.storage import MediaStore, PresignedPut, StorageError, get_store

if TYPE_CHECKING:
    from recordings.media.sinks import Sink

_HOUR = timedelta(hours=1)
_TEXT = b"one small object"
_TYPE = "application/octet-stream"
# The prefix is none of an organisation's: the sweep never looks there.
_FOLDER = "doctor"
_GIB = 1024**3
_LEAST_FREE = 5 * _GIB


class TrialError(Exception):
    """The store took a step of the trial, but did something else than asked."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.mend = mend


def check_store() -> Finding:
    """Write, read and remove as recordings do; leaves nothing behind."""
    bucket = read_bucket()
    prefix = f"{_FOLDER}/{new_token()}"
    store = get_store()
    step = "started"
    try:
        for step, run in _steps(bucket):
            run(store, f"{prefix}/{step.replace(' ', '-')}")
    except TrialError as error:
        return Finding("failed", str(error), error.mend)
    except (OSError, ClientError, BotoCoreError, httpx2.HTTPError) as error:
        return _explain(error, step, bucket)
    finally:
        _clear(store, prefix)
    return _judge(bucket)


def _steps(
    bucket: Bucket | None,
) -> list[tuple[str, Callable[[MediaStore, str], None]]]:
    steps: list[tuple[str, Callable[[MediaStore, str], None]]] = [
        ("a small write", _try_small),
        ("an upload in parts", _try_large),
        ("a dropped upload", _try_abort),
    ]
    if bucket is not None:
        steps.append(("signed addresses", _try_signed))
    return steps


def _judge(bucket: Bucket | None) -> Finding:
    if bucket is None:
        return _judge_disk(Path(settings.MEDIA_ROOT))
    told = f"{bucket.provider.label}, encryption {bucket.encryption}"
    if settings.MEDIA_UPLOAD_ROUTE != "direct":
        return Finding(message=told)
    return Finding(
        "warning",
        f"{told}; browsers upload into it, and whether its CORS rules let them cannot "
        "be seen from here.",
        "Try one interview; the rules are in docs/ops/storage.md.",
    )


def _judge_disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    if free < _LEAST_FREE:
        return Finding(
            "warning",
            f"{free // 1024**2} MiB are free where recordings go; an hour of one takes "
            "about 1,200, twice that until its chunks are released.",
            "Make room where MEDIA_ROOT is, or use a bucket.",
        )
    return Finding(message=f"disk, {free // _GIB} GiB free")


def _try_small(store: MediaStore, key: str) -> None:
    _write_small(store, key)
    if store.stat(key).size != len(_TEXT) or _read(store, key, 4, 5) != _TEXT[4:9]:
        raise TrialError(
            "The store gave back other bytes than were written.",
            "See that nothing between here and the store changes requests.",
        )
    store.delete(key)
    _require_gone(store, key)


def _write_small(store: MediaStore, key: str) -> None:
    sink = store.small(key, _TYPE)
    try:
        sink.begin().write(_TEXT)
        sink.commit()
    finally:
        sink.abort()


def _try_large(store: MediaStore, key: str) -> None:
    """Two parts, the first of which is the smallest a store has to take."""
    sink = store.large(key, _TYPE)
    try:
        writer = sink.begin()
        writer.write(bytes(PART_SIZE))
        writer.write(_TEXT)
        writer.seek(0)
        writer.write(b"head")
        sink.commit()
    finally:
        sink.abort()
    is_whole = store.stat(key).size == PART_SIZE + len(_TEXT)
    tail = _read(store, key, PART_SIZE, len(_TEXT))
    if not is_whole or tail != _TEXT or _read(store, key, 0, 4) != b"head":
        raise TrialError(
            "A file uploaded in parts is not what was uploaded.",
            "See that the store joins parts by their number.",
        )
    store.delete(key)
    _require_gone(store, key)


def _try_abort(store: MediaStore, key: str) -> None:
    sink = store.large(key, _TYPE)
    try:
        _write_parts(sink)
    finally:
        sink.abort()
    _require_gone(store, key)
    left = store.abort_unfinished(timedelta(0), is_dry=True)
    if any(one.startswith(key) for one in left):
        raise TrialError(
            "A dropped upload left its parts behind.",
            "Allow s3:AbortMultipartUpload; see docs/ops/storage.md.",
        )


def _write_parts(sink: "Sink") -> None:
    writer = sink.begin()
    for _part in range(2):
        writer.write(bytes(PART_SIZE))
    writer.write(_TEXT)


def _try_signed(store: MediaStore, key: str) -> None:
    """Players read by signed addresses, and browsers may write by them."""
    digest = hashlib.sha256(_TEXT).hexdigest()
    signed = store.presign_put(
        key, size=len(_TEXT), sha256=digest, content_type=_TYPE, expires=_HOUR
    )
    if signed is not None and settings.MEDIA_UPLOAD_ROUTE == "direct":
        _put(signed, _TEXT, "A signed upload was refused")
        if store.stat(key).size != len(_TEXT):
            raise TrialError(
                "A signed upload was taken, but is not there.", "Ask the store's maker."
            )
    else:
        _write_small(store, key)
    address = store.presign_get(key, expires=_HOUR)
    if address is not None:
        answer = httpx2.get(address, headers={"Range": "bytes=4-8"}, timeout=20)
        if answer.status_code != 206 or answer.content != _TEXT[4:9]:
            raise TrialError(
                f"A signed address answers {answer.status_code} where part of a file "
                "was asked for.",
                _MENDS.get(
                    _code_in(answer.text), "Check the clock and the secret key."
                ),
            )
    store.delete(key)


def _put(signed: PresignedPut, data: bytes, failure: str) -> None:
    answer = httpx2.request(
        signed.method,
        signed.url,
        headers=dict(signed.headers),
        content=data,
        timeout=20,
    )
    if answer.status_code not in {200, 201, 204}:
        code = _code_in(answer.text)
        raise TrialError(
            f"{failure}: {answer.status_code} {code}".strip() + ".",
            _MENDS.get(code, "Set MEDIA_UPLOAD_ROUTE=web if the store cannot do it."),
        )


def _read(store: MediaStore, key: str, start: int, length: int) -> bytes:
    source: IO[bytes]
    with store.open(key) as source:
        source.seek(start, os.SEEK_SET)
        return source.read(length)


def _require_gone(store: MediaStore, key: str) -> None:
    try:
        store.stat(key)
    except FileNotFoundError:
        return
    raise TrialError(
        "What was deleted is still there.",
        "Allow s3:DeleteObject; see that no retention lock is on the bucket.",
    )


def _clear(store: MediaStore, prefix: str) -> None:
    """Remove what a failed step left; a store that failed may fail again."""
    try:
        store.sweep(prefix, ())
    except (OSError, ClientError, BotoCoreError):
        return


def _explain(error: Exception, step: str, bucket: Bucket | None) -> Finding:
    cause = error.__cause__ if isinstance(error, StorageError) else error
    if bucket is None or cause is None:
        return _explain_disk(cause or error, step)
    if isinstance(cause, ClientError):
        answer = cause.response.get("Error", {})
        code = answer.get("Code", "")
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        mend = _MENDS.get(code) or _MENDS.get(str(status), _MENDS[""])
        return Finding("failed", f"The bucket refuses {step}: {code or status}.", mend)
    if isinstance(cause, (EndpointConnectionError, ConnectTimeoutError)):
        return Finding(
            "failed",
            "The bucket's server does not answer.",
            "Check MEDIA_S3_ENDPOINT_URL and the network between.",
        )
    if isinstance(cause, NoCredentialsError):
        return Finding(
            "failed",
            "There is no key for the bucket.",
            "Set MEDIA_S3_ACCESS_KEY and MEDIA_S3_SECRET_KEY, or give the machine a role.",
        )
    return Finding(
        "failed", f"The bucket fails at {step}: {type(cause).__name__}.", _MENDS[""]
    )


def _explain_disk(error: BaseException, step: str) -> Finding:
    number = getattr(error, "errno", None)
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return Finding(
            "failed",
            "The disk for recordings is full.",
            "Make room where MEDIA_ROOT is.",
        )
    said = getattr(error, "strerror", None) or type(error).__name__
    return Finding(
        "failed",
        f"The disk fails at {step}: {said}.",
        "Let the process write to MEDIA_ROOT.",
    )


def _code_in(answer: str) -> str:
    """The code in an error of S3, which is a few lines of XML."""
    _before, _tag, rest = answer.partition("<Code>")
    return rest.partition("</Code>")[0]


_PERMISSIONS = "Give the key the permissions in docs/ops/storage.md."
_CLOCK = "Set this machine's clock: run an NTP client."
_REGION = "Set MEDIA_S3_REGION to the bucket's region (auto for R2)."
_ENCRYPTION = "Set MEDIA_S3_ENCRYPTION to what the store takes, or none."
_KEYS = "Check MEDIA_S3_ACCESS_KEY and MEDIA_S3_SECRET_KEY."
_MENDS = {
    "AccessDenied": _PERMISSIONS,
    "403": _PERMISSIONS,
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": f"{_KEYS} {_CLOCK}",
    "NoSuchBucket": "Make the bucket, or check MEDIA_S3_BUCKET and MEDIA_S3_REGION.",
    "404": "Make the bucket, or check MEDIA_S3_BUCKET and MEDIA_S3_REGION.",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "301": _REGION,
    "InvalidArgument": f"{_ENCRYPTION} {_REGION}",
    "InvalidEncryptionAlgorithmError": _ENCRYPTION,
    "KMS.NotFoundException": "Check MEDIA_S3_KMS_KEY; the key has to be in the region.",
    "KMS.DisabledException": "Enable the key of MEDIA_S3_KMS_KEY.",
    "NotImplemented": f"The store lacks something. {_ENCRYPTION} "
    "Set MEDIA_S3_PROVIDER to its kind.",
    "EntityTooSmall": "The store wants larger parts than 5 MiB: use another one.",
    "BadDigest": "See that nothing between here and the store changes requests.",
    "SlowDown": "The store is busy; try again.",
    "503": "The store is busy; try again.",
    "": "See docs/ops/storage.md, “When something fails”.",
}
