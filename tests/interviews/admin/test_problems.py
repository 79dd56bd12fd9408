"""Problems: every save is a new version, none changes."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from interviews.admin.problem_form import initial_of_problem
from interviews.models import (
    Problem,
    ProblemVersion,
)
from tests.factories.interviews import (
    ProblemVersionFactory,
)
from tests.factories.people import People
from tests.interviews.admin.conftest import change_url, rows


def problem_data(version: ProblemVersion, **changed: Any) -> dict[str, Any]:
    """Return the form as the page shows it, with changes."""
    data = {**initial_of_problem(version), **changed}
    files, reference = data.pop("files"), data.pop("reference")
    return {**data, **rows("files", files), **rows("reference", reference)}


@pytest.fixture
def version(people: People) -> ProblemVersion:
    made: ProblemVersion = ProblemVersionFactory.create(
        problem__organisation=people.organisation
    )
    return made


def test_problem_change_keeps_a_new_version(
    version: ProblemVersion, recruiter: Client, people: People
) -> None:
    before = ProblemVersion.objects.filter(pk=version.pk).values().get()

    answer = recruiter.post(
        change_url(version.problem), problem_data(version, title="Rope ladder")
    )

    assert answer.status_code == 302
    assert ProblemVersion.objects.filter(pk=version.pk).values().get() == before
    newest = version.problem.versions.first()
    assert newest is not None
    assert (newest.number, newest.title, newest.author) == (
        2,
        "Rope ladder",
        people.recruiter,
    )
    assert newest.files == version.files
    assert newest.tests == version.tests
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.details) == (
        "problem.version_added",
        people.recruiter,
        {"number": 2},
    )


def test_problem_saved_unchanged_makes_no_version(
    version: ProblemVersion, recruiter: Client
) -> None:
    recruiter.post(change_url(version.problem), problem_data(version, title="Second"))
    newest = version.problem.versions.first()
    assert newest is not None

    recruiter.post(change_url(version.problem), problem_data(newest))

    assert version.problem.versions.count() == 2


def test_problem_page_lists_versions_with_changes(
    version: ProblemVersion, recruiter: Client
) -> None:
    files = [{"path": "solution.py", "text": "x = 1\r\n"}]
    recruiter.post(
        change_url(version.problem), problem_data(version, files=files, title="New")
    )

    page = recruiter.get(change_url(version.problem)).content.decode()

    assert (
        "title, hidden tests, − README.md, − tests/test_solution.py, solution.py"
        in (page)
    )
    newest = version.problem.versions.first()
    assert newest is not None
    assert newest.files == {"solution.py": "x = 1\n"}


def test_problem_is_added_with_its_first_version(
    version: ProblemVersion, recruiter: Client, people: People
) -> None:
    recruiter.post(
        reverse("admin:interviews_problem_add"), problem_data(version, slug="bridge")
    )

    problem = Problem.objects.get(slug="bridge")
    assert problem.organisation == people.organisation
    assert problem.versions.get().number == 1


def test_problem_with_a_taken_folder_is_refused_beside_the_field(
    version: ProblemVersion, recruiter: Client
) -> None:
    answer = recruiter.post(
        reverse("admin:interviews_problem_add"),
        problem_data(version, slug=version.problem.slug),
    )

    assert answer.status_code == 200
    assert Problem.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"hidden": "{"}, "hidden", "Invalid JSON"),
        ({"hidden": '{"kind": "call", "cases": []}'}, "hidden", "module"),
        ({"entry": "gone.py"}, "__all__", "gone.py is not among the starter files"),
        ({"tests_command": "python3 'x"}, "tests_command", "quotation mark"),
        ({"tests_format": ""}, "tests_format", "kind of its report"),
        (
            {"files": [{"path": "../x.py", "text": ""}], "entry": "../x.py"},
            "files",
            "cannot be used in a name",
        ),
        (
            {"files": [{"path": "a.py", "text": ""}, {"path": "a.py", "text": "x"}]},
            "files",
            "a.py is there twice",
        ),
    ],
    ids=["json", "shape", "entry", "quote", "format", "path", "twice"],
)
def test_problem_fault_is_said_and_nothing_kept(
    version: ProblemVersion,
    recruiter: Client,
    changed: dict[str, Any],
    field: str,
    words: str,
) -> None:
    answer = recruiter.post(
        change_url(version.problem), problem_data(version, **changed)
    )

    assert words in " ".join(answer.context["adminform"].form.errors[field])
    assert version.problem.versions.count() == 1


def test_problem_hidden_case_may_expect_null(
    version: ProblemVersion, recruiter: Client
) -> None:
    case = {"name": "none", "call": {"function": "f", "args": []}, "expected": None}
    hidden = {"kind": "call", "module": "solution.py", "cases": [case]}

    recruiter.post(
        change_url(version.problem), problem_data(version, hidden=json.dumps(hidden))
    )

    newest = version.problem.versions.first()
    assert newest is not None
    assert newest.hidden["cases"][0]["expected"] is None
    assert newest.hidden["language"] == "python"


def zip_of(files: dict[str, bytes]) -> SimpleUploadedFile:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return SimpleUploadedFile("starter.zip", stream.getvalue())


def test_problem_zip_replaces_the_starter(
    version: ProblemVersion, recruiter: Client
) -> None:
    upload = zip_of({"top/solution.py": b"y = 2\n", "top/tests/t.py": b""})

    recruiter.post(
        change_url(version.problem), {**problem_data(version), "archive": upload}
    )

    newest = version.problem.versions.first()
    assert newest is not None
    assert newest.files == {"solution.py": "y = 2\n", "tests/t.py": ""}


def zip_with_broken_data() -> SimpleUploadedFile:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"x" * 1000)
    data = bytearray(stream.getvalue())
    start = 30 + len("a.txt")  # the header of the entry
    data[start : start + 4] = b"\xff" * 4
    return SimpleUploadedFile("x.zip", bytes(data))


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (SimpleUploadedFile("x.zip", b"no zip"), "cannot be read as a ZIP"),
        (zip_with_broken_data(), "cannot be read as a ZIP"),
        (zip_of({"a.bin": b"\xff\xfe"}), "a.bin is not text"),
        (zip_of({"a.txt": b"x" * 1_000_001}), "more than 1 MB"),
    ],
    ids=["none", "damaged", "binary", "large"],
)
def test_problem_zip_that_cannot_be_used_is_refused(
    version: ProblemVersion,
    recruiter: Client,
    upload: SimpleUploadedFile,
    words: str,
) -> None:
    upload.seek(0)
    answer = recruiter.post(
        change_url(version.problem), {**problem_data(version), "archive": upload}
    )

    assert words in " ".join(answer.context["adminform"].form.errors["archive"])


def test_version_pages_cannot_be_saved(
    version: ProblemVersion, recruiter: Client
) -> None:
    assert recruiter.get(change_url(version)).status_code == 200
    assert recruiter.post(change_url(version), {"title": "x"}).status_code == 403
