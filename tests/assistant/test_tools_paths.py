"""Paths as a model writes them: whole, or only their end."""

import pytest
from asgiref.sync import sync_to_async

from base.text import content_hash
from interviews.models import Document, Interview
from tests.assistant.toolbox import call, folder_of, make_interview

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    """Three files of the open section, one of another folder."""
    made = make_interview()
    folder = folder_of(made)
    for path in ("api/app.py", "lib/util.py", "tests/util.py", "solution.py"):
        _write(made, f"{folder}/{path}")
    _write(made, "elsewhere/notes.md")
    return made


def _write(interview: Interview, path: str) -> None:
    text = f"this is {path}"
    Document.objects.create(
        interview=interview,
        path=path,
        text=text,
        hash=content_hash(text),
        size=len(text),
    )


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("app.py", "api/app.py"),
        ("./solution.py", "solution.py"),
        ("lib/util.py", "lib/util.py"),
    ],
    ids=["bare name", "from the section", "end of a path"],
)
async def test_end_of_a_path_is_read_where_one_file_has_it(
    interview: Interview, asked: str, path: str
) -> None:
    folder = await sync_to_async(folder_of)(interview)
    outcome = await call(interview, "read_file", {"path": asked})
    assert not outcome.is_error
    assert f'path="{folder}/{path}"' in outcome.text
    assert f"this is {folder}/{path}" in outcome.text


async def test_name_of_several_files_is_refused_with_their_paths(
    interview: Interview,
) -> None:
    folder = await sync_to_async(folder_of)(interview)
    outcome = await call(interview, "read_file", {"path": "util.py"})
    assert outcome.is_error
    assert f"{folder}/lib/util.py\n{folder}/tests/util.py" in outcome.text
    assert "this is" not in outcome.text


@pytest.mark.parametrize(
    "asked", ["notes.md", "pp.py", "/app.py", "APP.py"], ids=lambda asked: asked
)
async def test_other_names_lead_to_no_file(interview: Interview, asked: str) -> None:
    outcome = await call(interview, "read_file", {"path": asked})
    assert outcome.is_error
    assert "this is" not in outcome.text
