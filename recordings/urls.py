"""The recording's addresses: uploads under the API, playback beside the interview."""

from django.urls import path

from recordings.views import beside, live, notes, playback, recovery, uploads

app_name = "recordings"

_UPLOADS = "api/v1/interviews/<uuid:interview_id>/recordings/segments"
_NOTES = "api/v1/interviews/<uuid:interview_id>/recordings/notes"
_ASSET = "interviews/<uuid:interview_id>/recordings/<int:asset_id>"
_LIVE = "interviews/<uuid:interview_id>/live"

urlpatterns = [
    path(_UPLOADS, uploads.open_segment_view, name="segment-open"),
    path(_NOTES, notes.store_notes_view, name="notes"),
    path(
        f"{_UPLOADS}/<uuid:segment_id>/chunks/<int:index>",
        uploads.store_chunk_view,
        name="chunk-store",
    ),
    path(
        f"{_UPLOADS}/<uuid:segment_id>/chunks/<int:index>/ticket",
        uploads.issue_ticket_view,
        name="chunk-ticket",
    ),
    path(
        f"{_UPLOADS}/<uuid:segment_id>/chunks/<int:index>/confirm",
        uploads.confirm_chunk_view,
        name="chunk-confirm",
    ),
    path(
        "api/v1/interviews/<uuid:interview_id>/recordings/manifest",
        uploads.show_manifest_view,
        name="manifest",
    ),
    path(
        "interviews/<uuid:interview_id>/recording/recover/",
        recovery.show_recovery,
        name="recover",
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
    path(f"{_ASSET}/address", playback.show_address, name="asset-address"),
    path(f"{_ASSET}/download", playback.download_asset, name="asset-download"),
    path(f"{_ASSET}/sprites.vtt", beside.show_sprites, name="asset-sprites"),
    path(f"{_ASSET}/captions.vtt", beside.show_captions, name="asset-captions"),
    path(f"{_LIVE}/", live.show_live, name="live"),
    path(f"{_LIVE}/<uuid:segment_id>/header", live.show_header, name="live-header"),
    path(f"{_LIVE}/<uuid:segment_id>/<int:index>", live.show_chunk, name="live-chunk"),
]
