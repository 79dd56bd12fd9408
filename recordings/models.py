"""Recordings, their segments and chunks, and the files made from them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.clock import now
from base.ids import new_uuid
from interviews.models import Interview
from recordings.enums import AssetKind, ChunkState, RecordingState, Track


class Recording(models.Model):
    """One track of one interview."""

    interview = models.ForeignKey(
        Interview, on_delete=models.CASCADE, related_name="recordings"
    )
    track = models.CharField(
        _("track"), max_length=8, choices=Track, default=Track.CAMERA
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=RecordingState,
        default=RecordingState.RECORDING,
    )
    holes = models.JSONField(_("gaps"), default=list)
    captured_ms = models.PositiveBigIntegerField(_("captured"), default=0)
    stored_ms = models.PositiveBigIntegerField(_("stored"), default=0)
    assembled_at = models.DateTimeField(_("assembled"), null=True)
    told_at = models.DateTimeField(_("candidate told"), null=True)
    deleted_at = models.DateTimeField(_("media deleted"), null=True)
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["interview", "track"]
        constraints = [
            models.UniqueConstraint(
                fields=["interview", "track"], name="recording_track_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.interview_id} · {self.track}"


class Segment(models.Model):
    """One run of one recorder: a stream with its own header.

    `started_ms` is on the interview clock; `manifest` is what the client says it
    recorded, and null until it closed the segment.
    """

    id = models.UUIDField(primary_key=True, editable=False, default=new_uuid)
    recording = models.ForeignKey(
        Recording, on_delete=models.CASCADE, related_name="segments"
    )
    mime_type = models.CharField(_("format"), max_length=100)
    header = models.BinaryField(_("header"), null=True, editable=False)
    started_ms = models.BigIntegerField(_("started"))
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    codecs = models.CharField(_("codecs"), max_length=60, blank=True)
    manifest = models.JSONField(_("manifest"), null=True)
    created_at = models.DateTimeField(_("created"), default=now)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["recording", "started_ms"]

    def __str__(self) -> str:
        return str(self.id)


class Chunk(models.Model):
    """About ten seconds of a segment, as stored."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="chunks"
    )
    index = models.PositiveIntegerField(_("index"))
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    start_ms = models.PositiveBigIntegerField(_("start"))
    duration_ms = models.PositiveIntegerField(_("duration"))
    key = models.CharField(_("storage key"), max_length=300)
    state = models.CharField(
        _("state"), max_length=8, choices=ChunkState, default=ChunkState.STORED
    )
    stored_at = models.DateTimeField(_("stored"), default=now)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering = ["segment", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "index"], name="chunk_index_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} · {self.index}"


class UploadTicket(models.Model):
    """A chunk that a browser announced: room kept for it until it came, or did not."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="tickets"
    )
    index = models.PositiveIntegerField(_("index"))
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    start_ms = models.PositiveBigIntegerField(_("start"))
    duration_ms = models.PositiveIntegerField(_("duration"))
    key = models.CharField(_("storage key"), max_length=300)
    is_direct = models.BooleanField(_("direct"))
    issued_at = models.DateTimeField(_("issued"), default=now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("upload ticket")
        verbose_name_plural = _("upload tickets")
        ordering = ["segment", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "index"], name="ticket_index_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} · {self.index}"


class Asset(models.Model):
    """A finished file; `part` numbers the files a player plays one after another.

    An index of pictures, a waveform and a rendition have the part of the file they
    belong to and count from its start; sheets of pictures are numbered through.
    `source_sha256` is that of the file something was made from, empty for others.
    Once the media were deleted by retention the row stays, with its hash; `missing_at`
    is when the sweep found a row without its file.
    """

    recording = models.ForeignKey(
        Recording, on_delete=models.CASCADE, related_name="assets"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=AssetKind)
    part = models.PositiveSmallIntegerField(_("part"), default=0)
    key = models.CharField(_("storage key"), max_length=300)
    mime_type = models.CharField(_("format"), max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    source_sha256 = models.CharField(
        _("SHA-256 of the source"), max_length=64, blank=True
    )
    start_ms = models.BigIntegerField(_("start on the interview clock"), default=0)
    duration_ms = models.PositiveBigIntegerField(_("duration"), default=0)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    codecs = models.CharField(_("codecs"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created"), default=now)
    deleted_at = models.DateTimeField(_("deleted"), null=True)
    missing_at = models.DateTimeField(_("found missing"), null=True)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["recording", "kind", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "kind", "part"], name="asset_part_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.part}"
