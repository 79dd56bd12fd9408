"""Pictures that go along with questions: taken from the candidate, shown again."""

from django.urls import path

from assistant.views import pictures

app_name = "assistant"

_INTERVIEW = "interviews/<uuid:interview_id>"

urlpatterns = [
    path(f"{_INTERVIEW}/images/", pictures.upload, name="image-upload"),
    path(f"{_INTERVIEW}/images/<uuid:image_id>/", pictures.show, name="image"),
]
