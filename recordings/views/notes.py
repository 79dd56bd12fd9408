"""The candidate's page tells what happens to its recording."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from interviews.models import Interview
from recordings.capture_notes import CaptureNotes
from recordings.services.notes import store_notes
from recordings.views.guard import read_json, upload_route


@upload_route("POST")
def store_notes_view(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Note what the page saw of its devices; repeatable."""
    sent = read_json(request, CaptureNotes)
    return JsonResponse({"stored": store_notes(interview, sent.notes)})
