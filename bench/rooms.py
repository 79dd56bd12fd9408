"""Running interviews to measure in, each with its candidate's cookie."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse


@dataclass(frozen=True)
class Room:
    """An interview under way, one document of it, and who may come in."""

    interview_id: UUID
    document: str
    cookie: str

    def headers(self, port: int) -> dict[str, str]:
        """Return what the candidate's browser sends to a server on that port."""
        return {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{port}"}


def open_rooms(count: int) -> list[Room]:
    """Make so many interviews in Django's database, with their files."""
    from interviews.access import grant_candidate  # noqa: PLC0415 -- after set-up
    from interviews.models import Document  # noqa: PLC0415 -- the same
    from interviews.services.documents import seed_workspace  # noqa: PLC0415 -- the same
    from tests.factories.interviews import InterviewFactory  # noqa: PLC0415 -- the same

    rooms = []
    for _room in range(count):
        interview = InterviewFactory.create(state="active")
        seed_workspace(interview)
        document = Document.objects.filter(interview=interview).earliest("path")
        response = HttpResponse()
        grant_candidate(response, interview, is_secure=False)
        cookie = "; ".join(
            f"{name}={morsel.value}" for name, morsel in response.cookies.items()
        )
        rooms.append(Room(interview.pk, document.path, cookie))
    return rooms
