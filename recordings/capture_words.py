"""What the candidate's browser noted about its recording, in a reviewer's words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_TITLES = {
    "video_lost": gettext_lazy("The camera went away"),
    "audio_lost": gettext_lazy("The microphone went away"),
    "video_muted": gettext_lazy("The camera was switched off"),
    "audio_muted": gettext_lazy("The microphone was muted"),
    "video_back": gettext_lazy("The camera was back"),
    "audio_back": gettext_lazy("The microphone was back"),
    "recorder_restarted": gettext_lazy("The browser's recorder failed and began anew"),
    "recorder_failed": gettext_lazy("Recording stopped"),
    "quality_changed": gettext_lazy("The recording's quality changed"),
    "storage_full": gettext_lazy("The candidate's device had no room left"),
    "slice_damaged": gettext_lazy("A part was damaged on the candidate's device"),
    "space_short": gettext_lazy("The candidate's device had little room"),
    "screen_shared": gettext_lazy("Shared the screen"),
    "screen_refused": gettext_lazy("Did not share the screen"),
    "screen_ended": gettext_lazy("Stopped sharing the screen"),
    "screen_unsupported": gettext_lazy("The browser cannot share a screen"),
}
_STEPS = {
    "full": gettext_lazy("full picture"),
    "half": gettext_lazy("half the data"),
    "low": gettext_lazy("a quarter of the data"),
    "small": gettext_lazy("a small picture"),
    "sound": gettext_lazy("sound only"),
}
_SURFACES = {
    "monitor": gettext_lazy("a whole screen"),
    "window": gettext_lazy("a window"),
    "browser": gettext_lazy("a tab"),
}


def describe_capture(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and detail of a `recording.capture_noted` event."""
    code, detail = str(payload.get("code", "")), str(payload.get("detail", ""))
    title = str(_TITLES.get(code, code))
    if code == "quality_changed":
        before, _arrow, after = detail.partition(">")
        steps = {
            "before": _STEPS.get(before, before),
            "after": _STEPS.get(after, after),
        }
        return title, _("from %(before)s to %(after)s") % steps
    if code == "screen_shared":
        return title, str(_SURFACES.get(detail, detail))
    return title, detail
