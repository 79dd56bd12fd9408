"""The candidate's own record: what was noted of their windows."""

from django.utils.translation import gettext as _

from interviews.models import Interview
from interviews.room_panels import RecordEntry, RecordPart
from interviews.selectors.facts import read_presence


def build_presence_record(interview: Interview) -> RecordPart:
    """Return the very lines that reviewers see."""
    presence = read_presence(interview)
    return RecordPart(
        title=_("What was noted of your windows"),
        entries=[
            RecordEntry(
                line.time,
                f"{line.title}: {line.detail}" if line.detail else line.title,
                line.at,
            )
            for line in presence.lines
        ],
        data={
            "is_noted": presence.is_noted,
            "summary": presence.summary,
            "facts": [
                {
                    "at": line.at.isoformat(),
                    "t_ms": line.t_ms,
                    "what": line.title,
                    "detail": line.detail,
                }
                for line in presence.lines
            ],
            "left_out": presence.cut,
        },
    )
