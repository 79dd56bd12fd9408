"""The recording's addresses: uploads under the API, playback beside the interview."""

from django.urls import path

from recordings.views import playback, uploads

app_name = "recordings"

_UPLOADS = "api/v1/interviews/<uuid:interview_id>/recordings/segments"

urlpatterns = [
    path(_UPLOADS, uploads.open_segment_view, name="segment-open"),
    path(
        f"{_UPLOADS}/<uuid:segment_id>/chunks/<int:index>",
        uploads.store_chunk_view,
        name="chunk-store",
    ),
    path(
        f"{_UPLOADS}/<uuid:segment_id>/close",
        uploads.close_segment_view,
        name="segment-close",
    ),
    path(
        "interviews/<uuid:interview_id>/recordings/<int:asset_id>/",
        playback.play_asset,
        name="asset",
    ),
]
