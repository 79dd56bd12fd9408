"""Tools that look at the workspace: its files, their lines. They change nothing."""

import json
import subprocess
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from assistant.tools.base import ToolContext, ToolInput, ToolOutcome
from assistant.tools.output import fence
from base.text import shorten
from interviews.models import Document, Interview
from interviews.selectors.sections import list_folders
from interviews.selectors.workspace import open_folder, read_file_tree
from interviews.workspace.errors import BadPathError
from interviews.workspace.paths import check_path

MOST_LINES = 400
MOST_LISTED = 500
MOST_FOUND = 100
MOST_ALIKE = 20
SEARCH_SECONDS = 5.0
_MATCHING = Path(__file__).with_name("matching.py")


def list_files(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    """Name the files of the workspace, or of one folder in it."""
    tree = read_file_tree(context.interview_id)
    folder = (asked.get("folder") or "").strip("/")
    lines = [f"{entry.path} ({entry.size} bytes)" for entry in tree.documents]
    lines += [f"{entry.path} ({entry.kind}, not text)" for entry in tree.others]
    if folder:
        lines = [line for line in lines if line.startswith(f"{folder}/")]
    if not lines:
        return _refused("There is no file there.")
    unlisted = max(0, len(lines) - MOST_LISTED) + tree.unlisted
    rest = [f"[{unlisted} more are not listed]"] if unlisted else []
    text = "\n".join([*lines[:MOST_LISTED], *rest])
    return ToolOutcome(fence("list_files", text), detail=str(len(lines)))


def read_file(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    """Return a file as the candidate's page last stored it, or some of its lines.

    The end of a path, a bare name above all, will do where one file of the open section
    ends like this.
    """
    path = asked["path"]
    documents = Document.objects.filter(interview_id=context.interview_id)
    document = documents.filter(path=path).first()
    if document is None:
        alike = _ending_in(context, path)
        if len(alike) > 1:
            return _refused(
                fence("read_file", "\n".join(alike), {"is": "which of them"})
            )
        document = documents.filter(path__in=alike).first()
    if document is None:
        return _missing(context, path)
    lines = document.text.split("\n")
    first = max(1, asked.get("first_line") or 1)
    last = min(asked.get("last_line") or len(lines), len(lines), first + MOST_LINES - 1)
    if first > last:
        return _refused(f"The file has {len(lines)} lines.")
    shown = "\n".join(lines[first - 1 : last])
    named = {
        "path": document.path,
        "version": str(document.version),
        "lines": f"{first}-{last}",
        "of": str(len(lines)),
    }
    return ToolOutcome(
        fence("read_file", shown, named), detail=f"{first}–{last} / {len(lines)}"
    )


def search(context: ToolContext, asked: ToolInput) -> ToolOutcome:
    """Find lines by text or by a regular expression, in all files or below a path."""
    below = (asked.get("path") or "").strip("/")
    documents = Document.objects.filter(interview_id=context.interview_id)
    files = [
        (path, text)
        for path, text in documents.order_by("path").values_list("path", "text")
        if not below or path == below or path.startswith(f"{below}/")
    ]
    if not files:
        return _refused("There is no file there.")
    found = _match(asked["text"], files, is_regex=bool(asked["is_regex"]))
    if isinstance(found, str):
        return _refused(found)
    lines = [f"{path}:{number}: {line}" for path, number, line in found[:MOST_FOUND]]
    if not lines:
        return ToolOutcome("Nothing was found.", detail="0")
    if len(found) > MOST_FOUND:
        lines.append("[There is more: ask for something narrower]")
    text = fence("search", "\n".join(lines))
    return ToolOutcome(text, detail=str(len(found[:MOST_FOUND])))


def _match(
    pattern: str, files: Sequence[tuple[str, str]], *, is_regex: bool
) -> list[tuple[str, int, str]] | str:
    """Return what was found, or why nothing could be looked for."""
    asked = {
        "pattern": pattern,
        "is_regex": is_regex,
        "most": MOST_FOUND,
        "files": files,
    }
    try:
        answer = subprocess.run(  # noqa: S603 -- our own program, fixed arguments
            [sys.executable, "-I", "-S", str(_MATCHING)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=SEARCH_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "The search took too long. Ask for something simpler."
    if answer.returncode:
        return "The search took too much. Ask for something simpler."
    told = json.loads(answer.stdout)
    if "error" in told:
        return f"That is no regular expression: {shorten(told['error'], 200)}"
    return [(path, number, line) for path, number, line in told["found"]]


def _ending_in(context: ToolContext, path: str) -> list[str]:
    """Return the files of the open section whose path ends in this one."""
    end = path.removeprefix("./")
    folder = open_folder(Interview.objects.get(pk=context.interview_id))
    if not folder or not end or end.startswith("/"):
        return []
    own = Document.objects.filter(
        interview_id=context.interview_id,
        path__startswith=f"{folder}/",
        path__endswith=f"/{end}",
    )
    # Some databases tell no capitals apart.
    paths = own.order_by("path").values_list("path", flat=True)
    return [each for each in paths if each.endswith(f"/{end}")][:MOST_ALIKE]


def _missing(context: ToolContext, path: str) -> ToolOutcome:
    """Say why a path leads to no text: not a path of here, no file, or no text."""
    interview = Interview.objects.get(pk=context.interview_id)
    try:
        check_path(path, folders=list_folders(interview))
    except BadPathError as error:
        return _refused(str(error))
    tree = read_file_tree(context.interview_id)
    if any(other.path == path for other in tree.others):
        return _refused("That file is no text that can be read here.")
    names = [entry.path for entry in tree.documents]
    near = get_close_matches(path, names, n=3, cutoff=0.5)
    if not near:
        return _refused("There is no such file. List the files.")
    return _refused(fence("read_file", "\n".join(near), {"is": "names like it"}))


def _refused(reason: str) -> ToolOutcome:
    return ToolOutcome(reason, is_error=True)
