"""The form of a problem: the newest version's content, to save as the next one."""

import io
import json
import lzma
import shlex
import zipfile
import zlib
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from interviews.admin.rows import Column, Row, RowsField
from interviews.enums import Difficulty
from interviews.languages import language_choices, list_test_examples, test_choices
from interviews.models import Problem, ProblemVersion
from interviews.services.catalogue_content import (
    MAX_FILES,
    MAX_FILES_BYTES,
    ContentError,
    ProblemContent,
    check_files,
    describe_fault,
    parse_hidden,
)

_HIDDEN_HELP = _(
    "JSON with “kind” (call or stdin) and “cases”. Empty means no hidden tests. "
    "Candidates never see any of it."
)


class NewLinesField(forms.CharField):
    """Text with its line ends as a file has them, nothing stripped."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> str:
        """Undo what browsers do to line ends."""
        text: str = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


def _code_area(rows: int) -> Any:
    return UnfoldAdminTextareaWidget(
        {"rows": rows, "class": "bo-code", "spellcheck": "false", "dir": "ltr"}
    )


def _list_formats() -> list[tuple[str, Any]]:
    return [("", _("No visible tests")), *test_choices()]


def _files_field(**kwargs: Any) -> RowsField:
    path = forms.CharField(
        label=_("Path"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget({"class": "bo-code", "spellcheck": "false"}),
    )
    text = NewLinesField(label=_("Content"), required=False, widget=_code_area(10))
    return RowsField(
        [Column("path", path), Column("text", text, is_wide=True)],
        add_label=_("Add a file"),
        **kwargs,
    )


def _number(**kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **kwargs)


def _line(**kwargs: Any) -> forms.CharField:
    return forms.CharField(widget=UnfoldAdminTextInputWidget, **kwargs)


class ProblemForm(forms.ModelForm[Problem]):
    """Saving keeps a new version; what invitations pinned stays as it was."""

    title = _line(label=_("Title"), max_length=120)
    summary = _line(label=_("Summary"), max_length=300, required=False)
    statement = NewLinesField(label=_("Statement (Markdown)"), widget=_code_area(16))
    difficulty = forms.ChoiceField(
        label=_("Difficulty"),
        choices=Difficulty.choices,
        initial=Difficulty.MEDIUM,
        widget=UnfoldAdminSelectWidget,
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=language_choices, widget=UnfoldAdminSelectWidget
    )
    minutes = _number(
        label=_("Suggested minutes"), min_value=1, max_value=480, initial=30
    )
    entry = _line(label=_("File opened first"), max_length=200)
    run_command = _line(
        label=_("Command of “Run file”"),
        required=False,
        help_text=_("As typed in a terminal, for example: python3 main.py"),
    )
    tests_command = _line(
        label=_("Command of “Run tests”"),
        required=False,
        help_text=format_lazy(
            _("For example: {commands}"), commands=" · ".join(list_test_examples())
        ),
    )
    tests_format = forms.ChoiceField(
        label=_("Its report"),
        choices=_list_formats,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    files = _files_field(  # type: ignore[assignment]  # a field, not the uploads
        label=_("Starter files"),
        required=False,
        blank=1,
        help_text=_("Empty a path to remove its file."),
    )
    archive = forms.FileField(
        label=_("Starter files from a ZIP"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("Replaces the starter files above when you save."),
    )
    reference = _files_field(
        label=_("Reference solution"),
        required=False,
        blank=1,
        help_text=_("Files that overwrite the starter; candidates never see them."),
    )
    hidden = forms.CharField(
        label=_("Hidden tests"),
        required=False,
        widget=_code_area(14),
        help_text=_HIDDEN_HELP,
    )
    hints = forms.CharField(
        label=_("Hint ladder"),
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 6}),
        help_text=_("One hint a line, from vague to nearly the solution."),
    )

    content: ProblemContent

    class Meta:
        model = Problem
        fields = ["slug", "is_archived"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        latest = instance.versions.first() if instance and instance.pk else None
        if latest is not None:
            kwargs["initial"] = {
                **initial_of_problem(latest),
                **(kwargs.get("initial") or {}),
            }
        super().__init__(*args, **kwargs)

    def clean_hidden(self) -> Any:
        """Check the shape of the hidden tests."""
        try:
            return parse_hidden(self.cleaned_data["hidden"])
        except ContentError as error:
            raise forms.ValidationError(str(error.message)) from error

    def clean_run_command(self) -> list[str]:
        """Split as a shell would."""
        return split_command(self.cleaned_data["run_command"])

    def clean_tests_command(self) -> list[str]:
        """Split as a shell would."""
        return split_command(self.cleaned_data["tests_command"])

    def clean_files(self) -> dict[str, str]:
        """Return path to text."""
        return files_of_rows(self.cleaned_data["files"])

    def clean_reference(self) -> dict[str, str]:
        """Return path to text."""
        return files_of_rows(self.cleaned_data["reference"])

    def clean_archive(self) -> dict[str, str] | None:
        """Read the files of an uploaded ZIP."""
        upload = self.cleaned_data["archive"]
        return read_archive(upload) if upload else None

    def clean(self) -> dict[str, Any]:
        """Check the whole as the library will keep it."""
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        command, report = data["tests_command"], data["tests_format"]
        if bool(command) != bool(report):
            self.add_error(
                "tests_format", _("Tests need a command and the kind of its report.")
            )
            return data
        try:
            self.content = self._build(data)
        except ValidationError as error:
            raise forms.ValidationError(describe_fault(error)) from error
        except ContentError as error:
            self.add_error("files", str(error.message))
        return data

    def _build(self, data: dict[str, Any]) -> ProblemContent:
        files = data["archive"] or data["files"]
        check_files(files)
        check_files({**files, **data["reference"]})
        same = ("title", "summary", "statement", "difficulty", "language", "minutes")
        tests = {"command": data["tests_command"], "format": data["tests_format"]}
        return ProblemContent(
            **{name: data[name] for name in same},
            entry=data["entry"],
            run_command=data["run_command"],
            files=files,
            reference=data["reference"],
            tests=tests if data["tests_command"] else None,
            hidden=data["hidden"],
            hints=[line.strip() for line in data["hints"].splitlines() if line.strip()],
        )


def initial_of_problem(version: ProblemVersion) -> dict[str, Any]:
    """Return a version as the form shows it."""
    same = ("title", "summary", "statement", "difficulty", "language", "minutes")
    hidden = version.hidden
    return {
        **{name: getattr(version, name) for name in same},
        "entry": version.entry,
        "run_command": shlex.join(version.run_command),
        "tests_command": shlex.join(version.tests.get("command", [])),
        "tests_format": version.tests.get("format", ""),
        "files": rows_of_files(version.files),
        "reference": rows_of_files(version.reference),
        "hidden": json.dumps(hidden, indent=2, ensure_ascii=False) if hidden else "",
        "hints": "\n".join(" ".join(hint.split("\n")) for hint in version.hints),
    }


def rows_of_files(files: dict[str, str]) -> list[Row]:
    """Return files as rows, by path."""
    return [{"path": path, "text": files[path]} for path in sorted(files)]


def files_of_rows(rows: list[Row]) -> dict[str, str]:
    """Return rows as files. Raises ValidationError for a path twice."""
    files: dict[str, str] = {}
    for row in rows:
        if row["path"] in files:
            raise forms.ValidationError(
                _("%(path)s is there twice."), params={"path": row["path"]}
            )
        files[row["path"]] = row["text"]
    return files


def split_command(text: str) -> list[str]:
    """Split a command line. Raises ValidationError for an open quote."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise forms.ValidationError(_("A quotation mark is not closed.")) from error


# What `zipfile` raises for archives that are damaged, encrypted or of unknown kinds.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


def read_archive(upload: UploadedFile[bytes]) -> dict[str, str]:
    """Return the text files of a ZIP; a single folder around all is taken off."""
    try:
        with zipfile.ZipFile(io.BytesIO(upload.read())) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                raise forms.ValidationError(_("The ZIP holds too many files."))
            if sum(entry.file_size for entry in entries) > MAX_FILES_BYTES:
                raise forms.ValidationError(_("The ZIP holds more than 1 MB."))
            files = {
                entry.filename: _read_text(archive, entry)
                for entry in entries
                if not entry.filename.startswith("__MACOSX/")
            }
    except _UNREADABLE as error:
        raise forms.ValidationError(_("This file cannot be read as a ZIP.")) from error
    tops = {name.split("/", 1)[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.split("/", 1)[1]: text for name, text in files.items()}
    return files


def _read_text(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    with archive.open(entry) as stream:
        data = stream.read(MAX_FILES_BYTES + 1)
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise forms.ValidationError(
            _("%(path)s is not text."), params={"path": entry.filename}
        ) from error
