"""Choices of the recordings app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Track(models.TextChoices):
    """What is recorded."""

    CAMERA = "camera", _("Camera and microphone")
    SCREEN = "screen", _("Screen")


class ChunkState(models.TextChoices):
    """Where a chunk stands."""

    STORED = "stored", _("Stored")
    DAMAGED = "damaged", _("Damaged")
    RELEASED = "released", _("Only in the finished file")


class RecordingState(models.TextChoices):
    """Where a recording stands."""

    RECORDING = "recording", _("Recording")
    ASSEMBLED = "assembled", _("Assembled")
    EMPTY = "empty", _("Nothing recorded")
    FAILED = "failed", _("Failed")
    DELETED = "deleted", _("Deleted by retention")


class AssetKind(models.TextChoices):
    """What a stored file is for."""

    PLAYABLE = "playable", _("Playable recording")
    POSTER = "poster", _("Poster")
    SPRITES = "sprites", _("Preview pictures")
    SPRITE_INDEX = "sprite_index", _("Index of preview pictures")
    WAVEFORM = "waveform", _("Waveform")
    RENDITION = "rendition", _("Copy for other players")
