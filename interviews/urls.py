"""The candidate's addresses, and where members watch."""

from django.urls import path

from interviews.views import (
    check,
    consent,
    entry,
    files,
    finish,
    late_work,
    report,
    room,
    sandbox_frame,
    watch,
)

app_name = "interviews"

_INTERVIEW = "interviews/<uuid:interview_id>"

urlpatterns = [
    path("i/<str:token>/", entry.enter, name="candidate-entry"),
    path("i/<str:token>/report/", report.report_by_link, name="candidate-report"),
    path(f"{_INTERVIEW}/consent/", consent.give_consent, name="interview-consent"),
    path(f"{_INTERVIEW}/consent/declined/", consent.decline, name="interview-declined"),
    path(f"{_INTERVIEW}/check/", check.check_devices, name="interview-check"),
    path(
        f"{_INTERVIEW}/check/upload/",
        check.receive_check_upload,
        name="interview-check-upload",
    ),
    path(f"{_INTERVIEW}/begin/", check.begin, name="interview-begin"),
    path(f"{_INTERVIEW}/room/", room.open_room, name="interview-room"),
    path(f"{_INTERVIEW}/watch/", watch.watch, name="interview-watch"),
    path(
        f"{_INTERVIEW}/late-work/",
        late_work.receive_late_work,
        name="interview-late-work",
    ),
    path(
        f"{_INTERVIEW}/room/python/",
        sandbox_frame.show_sandbox_frame,
        name="interview-sandbox-frame",
    ),
    path(f"{_INTERVIEW}/files/upload/", files.upload, name="interview-upload"),
    path(f"{_INTERVIEW}/files/content/", files.download_file, name="interview-file"),
    path(
        f"{_INTERVIEW}/files/archive/",
        files.download_archive,
        name="interview-archive",
    ),
    path(f"{_INTERVIEW}/finish/", finish.finish, name="interview-finish"),
    path(f"{_INTERVIEW}/record/", finish.show_record, name="interview-record"),
    path(
        f"{_INTERVIEW}/record/download/",
        finish.download_record,
        name="interview-record-download",
    ),
    path(f"{_INTERVIEW}/report/", report.report, name="interview-report"),
]
