"""Telling code from prose, line by line, in any language and however it is dressed."""

import re
import unicodedata
from dataclasses import dataclass

# A line is judged by its beginning and its end: some patterns take the square of the
# length, and what is longer is more code than may be shown anyway.
_HEAD_CHARS = 600
_TAIL_CHARS = 300

# Things put before a line that do not change what it says: quotes, list markers, line
# numbers, marks of a diff, cells of a table, the signs of a comment.
_DRESS = re.compile(
    r"""^(?:\s|>|[|│]|[-*+•](?=\s)|\(?\d{1,4}\s*[.):|\]](?=\s|`)|[+-](?![\d.])
    |(?:line|step|row|l)\s*\d{1,4}\s*[.):\-|]*(?=\s|`)|//+|/\*+|\#+(?=\s)|--(?=\s)|`+)+""",
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = r"[^\W\d_][^\W\d_'’-]*"
_STATEMENT = re.compile(
    r"""^(?:
      (?:async\s+)?def\s+\w+\s*\( | class\s+\w+\s*(?:[({:]|extends\b|implements\b|<|$)
    | (?:export\s+|default\s+|async\s+|pub\s+)*(?:function|fn|func|fun)\s*\*?\s*[\w(]
    | (?:public|private|protected|static|final|abstract|override)\s+\w
    | (?:let|const|var|val|auto)\s+(?:\w+;?$|[\w\[{(,\s:<>*&]+[=;])
    | import\s+[\w{*"'.(] | from\s+[\w.]+\s+import\b | using\s+[\w.]+; | package\s+[\w.]+;?$
    | \#\s*(?:include|define|if|endif)\b | use\s+[\w:]+;
    | return\b\s*(?:[\w"'(\[{!~.-].*)?;?$ | yield\b.*$ | raise\s+\w+ | throw\s+new\b
    | (?:break|continue|pass|else|do|try|finally|begin|end|loop)\s*[:;{]?$
    | (?:\}\s*)?(?:else|catch|finally)\b.*\{$
    | (?:if|for|while|switch|elsif|catch|until|foreach)\s*\(.*
    | (?:for|foreach)\s+[\w,\s()*&]+\s(?:in|of|:=)\s.*
    | @\w+(?:\(.*\))?$ | case\s+.+:.* | default\s*:.* | struct\s+\w+ | impl\b.*\{
    | lambda\s[\w,\s*]*: | print(?:f|ln)?\s*[("'].* | \w+\s*<-\s*\S.*
    )""",
    re.VERBOSE,
)
# The words of a head that ends in a colon or opens a block; prose may begin with them.
_HEAD = re.compile(
    r"^(?:(?:\}\s*)?(?:if|elif|else|while|for|with|try|except|unless|match|when|loop))\b"
    r".*(?::|\bdo|\bthen|\{)$"
)
_TALK = re.compile(r"\b(?:the|an?|there|it|its|you|your|each|every|they|we|this)\b")
_SQL = re.compile(
    r"^(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+(?:TABLE|VIEW|INDEX|OR)"
    r"|WITH\s+\w+\s+AS|FROM|WHERE|(?:INNER\s|LEFT\s|RIGHT\s)?JOIN|GROUP\s+BY|ORDER\s+BY"
    r"|HAVING|UNION|PARTITION\s+BY)\b"
)
_ASSIGNS = re.compile(
    r"^[$@]?[\w.\[\]'\"()*&]+(?:\s*,\s*[\w.\[\]*]+)*(?:\s*:\s*[\w\[\], .|<>]+)?"
    r"\s*(?:[-+*/|&%^:?@]|//|\*\*|<<|>>|\?\?|\|\||&&)?=(?!=)\s*\S"
)
_CALL = re.compile(r"^(?:await\s+|new\s+)?[\w.$\[\]?!:]+(?:<[^>]*>)?\(.*\)+[;,]?$")
# Languages that call without brackets, and those that shout.
_ML = re.compile(r"^[a-z][\w']*(?:\s+[\w'()\[\]:]+){0,5}\s+=\s+\S")
_BASIC = re.compile(
    r"^(?:(?:Re)?Dim\s\w|(?:(?:Public|Private)\s)?(?:Function|Sub)\s+\w+\s*\("
    r"|End\s(?:If|Function|Sub)$|Next\b\s*\w*$|If\s.+\sThen$|For\s\w+\s*=)"
)
_LOWER_SQL = re.compile(r"^(?:select\s.+\sfrom\s|insert\s+into\s|delete\s+from\s)")
_ENDS = re.compile(r"(?:[{;]|=>|->|\)\s*:|\[\s*|\(\s*)$")
_SYMBOLS = re.compile(r"[()\[\]{}=<>_+*/%]|\w\.\w|!=|\.\.")
_SEALED = re.compile(
    r"[A-Za-z0-9+/=_-]{48,}|(?:[0-9A-Fa-f]{2}[\s:,]){24,}|(?:\\[ux]\w{2,4}){8,}"
)
_BRACKETS = re.compile(r"^[\s)\]}(\[{;,:]*(?:end|fi|done|esac)?[\s)\]};,]*$")
_PROSE_TAIL = re.compile(rf"(?:{_WORDS}[,;:]?\s+){{4,}}{_WORDS}[.!?:…]*[\"”')*_]*$")


@dataclass(frozen=True)
class CodeSize:
    """How much code: lines that say something, and their characters."""

    lines: int = 0
    chars: int = 0

    def __add__(self, other: "CodeSize") -> "CodeSize":
        return CodeSize(self.lines + other.lines, self.chars + other.chars)


def plain(line: str) -> str:
    """Return a line without its dress: as it reads, on one form of every letter.

    Spaces in a row are one, and the middle of a very long line is left out.
    """
    shown = "".join(
        char
        for char in unicodedata.normalize("NFKC", line)
        if unicodedata.category(char) != "Cf"
    )
    short = _shorten(" ".join(shown.split()))
    return _DRESS.sub("", short).strip().strip("`|│").strip()


def _shorten(line: str) -> str:
    if len(line) <= _HEAD_CHARS + _TAIL_CHARS:
        return line
    return f"{line[:_HEAD_CHARS]} {line[-_TAIL_CHARS:]}"


def is_code(line: str) -> bool:
    """Say whether a line outside of any fence is code rather than prose."""
    bare = plain(line)
    if not bare or _BRACKETS.match(bare):
        return False
    if any(sign.search(bare) for sign in (_SEALED, _SQL, _BASIC, _LOWER_SQL)):
        return True
    if _SEALED.search(line):
        return True
    if _HEAD.match(bare):
        is_short = len(bare.split()) <= 4
        return is_short or bool(_SYMBOLS.search(bare)) or not _TALK.search(bare)
    if (
        _STATEMENT.match(bare)
        or _ASSIGNS.match(bare)
        or _CALL.match(bare)
        or _ML.match(bare)
    ):
        return not is_sentence(bare)
    if _ENDS.search(bare):
        return not _PROSE_TAIL.search(bare.rstrip(";:({[")) or bool(
            re.search(r"[=(]\S*.*[;{]$", bare)
        )
    return False


def is_sentence(bare: str) -> bool:
    """Say whether what begins like a statement goes on as words: “return early if …”."""
    words = bare.split()
    odd = len(_SYMBOLS.findall(bare))
    return len(words) >= 5 and odd <= len(words) // 8


def is_empty(line: str) -> bool:
    """Say whether a line is blank or holds nothing but brackets."""
    return bool(_BRACKETS.match(plain(line)))


def measure_line(line: str) -> CodeSize:
    """Return the size of a line of code; several statements in one count as several."""
    if is_empty(line):
        return CodeSize()
    chars = len("".join(plain(line).split()))
    statements = 1 + len(re.findall(r";\s*(?=[\w$@{}(\[])", plain(line)))
    return CodeSize(statements, chars)
