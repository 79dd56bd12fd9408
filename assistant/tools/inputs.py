"""The inputs of the tools, as models are told of them and as they are checked."""

from typing import Annotated

from pydantic import Field

from assistant.tools.schemas import ToolInput

_Path = Annotated[str, Field(max_length=240)]


class ListFiles(ToolInput):
    folder: Annotated[
        _Path | None, Field(description="Only files below this folder; null for all.")
    ] = None


class ReadFile(ToolInput):
    path: Annotated[
        _Path, Field(description="The file, as list_files names it, with its folder.")
    ]
    first_line: Annotated[
        int | None, Field(description="The first line wanted, from 1; null: the first.")
    ] = None
    last_line: Annotated[
        int | None, Field(description="The last line wanted; null: the last.")
    ] = None


class Search(ToolInput):
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            description="What to find in a line: plain text, or a regular expression.",
        ),
    ]
    is_regex: Annotated[
        bool, Field(description="Whether it is a regular expression (Python's).")
    ]
    path: Annotated[
        _Path | None, Field(description="Only in this file or folder; null for all.")
    ] = None


class AskCandidate(ToolInput):
    question: Annotated[str, Field(min_length=1, max_length=500)]
    options: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(
            min_length=2,
            max_length=8,
            description="Two to eight answers to choose from.",
        ),
    ]
    allows_several: Annotated[
        bool, Field(description="Whether more than one may be chosen.")
    ]


class TextEdit(ToolInput):
    old_text: Annotated[
        str,
        Field(description="Text of the file, exactly as it stands, spaces included."),
    ]
    new_text: Annotated[str, Field(description="What takes its place.")]
    line: Annotated[
        int | None,
        Field(description="The line it begins in, if it stands in several; or null."),
    ] = None


class FileEdit(ToolInput):
    path: Annotated[_Path, Field(description="The file, with its folder.")]
    hunks: Annotated[
        list[TextEdit] | None,
        Field(description="Replacements in a file that is there; else null."),
    ] = None
    text: Annotated[
        str | None, Field(description="The whole text of a new file; else null.")
    ] = None
    delete: Annotated[
        bool | None, Field(description="true to delete the file; else null.")
    ] = None


class ProposeEdit(ToolInput):
    summary: Annotated[
        str,
        Field(max_length=500, description="What the edit does, in one sentence."),
    ]
    edits: Annotated[list[FileEdit], Field(min_length=1, max_length=10)]


class RunTests(ToolInput):
    """Takes no input."""


class RunCommand(ToolInput):
    command: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4_000,
            description="A line of shell; it starts in the problem's folder.",
        ),
    ]
