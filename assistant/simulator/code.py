"""Reads functions out of a source file and drafts a small snippet for one."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

_PYTHON = re.compile(
    r"^(?P<indent>[ \t]*)(?P<line>(?:async[ \t]+)?def[ \t]+(?P<name>\w+)[^\n]*)$", re.M
)
_SCRIPT = re.compile(
    r"^(?P<indent>[ \t]*)(?P<line>(?:export[ \t]+)?(?:default[ \t]+)?(?:async[ \t]+)?"
    r"(?:function\*?[ \t]+(?P<name>\w+)|const[ \t]+(?P<arrow>\w+)[ \t]*=[^\n]*=>)"
    r"[^\n]*)$",
    re.M,
)
_STUB = re.compile(
    r"NotImplementedError|not implemented|^[ \t]*(?:pass|\.\.\.)[ \t]*$", re.M | re.I
)
_LANGUAGES = {
    "py": "python",
    "js": "javascript",
    "mjs": "javascript",
    "ts": "typescript",
}
MAX_BODY_LINES = 12
WIDTH = 76


@dataclass(frozen=True)
class Function:
    name: str
    signature: str
    indent: str
    body: str

    @property
    def is_stub(self) -> bool:
        is_open = self.signature.endswith((":", "{"))
        return bool(_STUB.search(self.body)) or (is_open and not self.body.strip())


def language_of(path: str) -> str:
    return _LANGUAGES.get(path.rpartition(".")[2].lower(), "")


def functions_in(path: str, text: str) -> list[Function]:
    pattern = _PYTHON if language_of(path) in {"python", ""} else _SCRIPT
    matches = list(pattern.finditer(text))
    found = []
    for index, match in enumerate(matches):
        after = (
            m for m in matches[index + 1 :] if len(m["indent"]) <= len(match["indent"])
        )
        following = next(after, None)
        end = following.start() if following else len(text)
        body = _body(text[match.end() : end], match["indent"])
        name = match["name"] or match["arrow"]
        found.append(Function(name, match["line"].rstrip(), match["indent"], body))
    return found


def draft(function: Function, path: str, notes: list[str]) -> str:
    """The function's own head, the hints as comments, and its body as it stands.

    The candidate's lines are kept, so that applying the snippet loses nothing; a
    function too long for that gets its notes alone.
    """
    mark = "#" if language_of(path) in {"python", ""} else "//"
    inner = function.indent + ("    " if mark == "#" else "  ")
    comments = [
        f"{inner}{mark} {line}"
        for number, note in enumerate(notes, 1)
        for line in textwrap.wrap(f"Step {number}: {note}", WIDTH - len(inner))
    ]
    body = function.body.strip("\n").splitlines()
    if len(body) > MAX_BODY_LINES or not function.signature.endswith((":", "{")):
        return "\n".join(comments)
    head = [function.indent + function.signature]
    if body and re.fullmatch(r'\s*""".+"""\s*', body[0]):
        head.append(body.pop(0))
    if not body:
        body = [f"{inner}pass"] if mark == "#" else [f"{function.indent}}}"]
    return "\n".join([*head, *comments, *body])


def _body(text: str, indent: str) -> str:
    """Lines up to the first one that is no deeper than the function's head."""
    kept: list[str] = []
    for line in text.strip("\n").splitlines():
        outer = line.strip() and not line.startswith((f"{indent} ", f"{indent}\t"))
        if outer and not line.strip().startswith("}"):
            break
        kept.append(line)
        if outer:
            break
    while kept and not kept[-1].strip():
        kept.pop()
    return "\n".join(kept)
