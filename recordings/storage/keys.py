"""How objects are named. Rows keep their key: this is for new ones only.

A key starts with organisation and interview and names no person.
"""

from uuid import UUID

from interviews.models import Interview

_HASH_CHARS = 12


def interview_prefix(interview: Interview) -> str:
    """Under which everything of an interview lies, without a slash at the end."""
    return f"{interview.organisation_id}/{interview.pk}"


def asset_prefix(interview: Interview) -> str:
    """Under which the finished files of an interview lie."""
    return f"{interview_prefix(interview)}/assets"


def chunk_key(
    interview: Interview, track: str, segment_id: UUID, index: int, sha256: str
) -> str:
    """Name a chunk; other bytes under the same number get another key."""
    return (
        f"{interview_prefix(interview)}/{track}/{segment_id}/"
        f"{index:06d}-{sha256[:_HASH_CHARS]}"
    )
