"""SQL on SQLite; its tests are scripts whose rows are compared with a file beside them."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from runner.languages.base import Language, TestRunner
from runner.languages.testing import SECONDS_PER_TEST, Case, run_all

SCHEMA = "schema.sql"
MAX_ROWS = 10_000
_MAX_DEPTH = 8
_READ = ".read "
_STEPS_BETWEEN_LOOKS = 10_000
_CELLS = re.compile(r"((?:\\.|[^\\|])*)(?:\||$)")
_RULE = re.compile(r"[-+ ]*-[-+ ]*")
_ESCAPES = str.maketrans({"\\": "\\\\", "|": "\\|", "\n": "\\n", "\r": "\\r"})


class ScriptError(Exception):
    """A script that cannot go on; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one query gave, every cell as text; `header` None where it does not count."""

    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """Columns between bars, below their names and a rule."""
        header = self.header or ()
        lines = [header, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
        rule = "-+-".join("-" * width for width in widths)
        return "\n".join([_line(header, widths), rule, *self._lines(widths)])

    def _lines(self, widths: Sequence[int]) -> Iterator[str]:
        return (_line(row, widths) for row in self.rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    return " | ".join(cell.ljust(width) for cell, width in pairs).rstrip()


def run_files(arguments: Sequence[str]) -> int:
    """`sql FILE…`: the files in order on one empty database; `-` is standard input."""
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"{sqlite3.sqlite_version}\n")
        return 0
    if not arguments:
        sys.stderr.write("usage: sql FILE…\n")
        return 2
    is_first = True
    try:
        for table in _run(arguments):
            sys.stdout.write(f"{'' if is_first else chr(10)}{table.text()}\n")
            sys.stdout.flush()
            is_first = False
    except ScriptError as error:
        sys.stdout.flush()
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run(
    names: Sequence[str], watch: Callable[[], int] | None = None
) -> Iterator[Table]:
    """The tables of scripts on a fresh database, with the folder's schema before them."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    if watch is not None:
        database.set_progress_handler(watch, _STEPS_BETWEEN_LOOKS)
    try:
        if SCHEMA not in {str(Path(name)) for name in names} and Path(SCHEMA).is_file():
            yield from _run_script(database, SCHEMA, 0)
        for name in names:
            yield from _run_script(database, name, 0)
    finally:
        database.close()


def _run_script(database: sqlite3.Connection, name: str, depth: int) -> Iterator[Table]:
    if depth > _MAX_DEPTH:
        raise ScriptError(f"{name}: .read is nested too deeply")
    for number, statement in split_statements(_read_script(name)):
        if statement.startswith(_READ):
            yield from _run_script(database, statement.split(None, 1)[1], depth + 1)
            continue
        try:
            table = _execute(database, statement)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise ScriptError(f"{name}:{number}: {error}") from error
        if table is not None:
            yield table


def _read_script(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.buffer.read().decode(errors="replace")
        return Path(name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ScriptError(f"{name}: {error.strerror}") from error


def split_statements(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the line each begins on; `.read FILE` lines as they are."""
    pending, began = "", 1
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if not pending.strip():
            pending, began = "", number
            if line.startswith(_READ):
                yield number, line.strip()
                continue
            if not line.strip() or line.lstrip().startswith("--"):
                continue
        *ends, rest = line.split(";")
        for end in ends:
            pending += f"{end};"
            if sqlite3.complete_statement(pending):
                yield began, pending.strip()
                pending, began = "", number
        pending += rest
    if pending.strip():
        yield began, pending.strip()


def _execute(database: sqlite3.Connection, statement: str) -> Table | None:
    cursor = database.execute(statement)
    if cursor.description is None:
        return None
    rows = cursor.fetchmany(MAX_ROWS + 1)
    if len(rows) > MAX_ROWS:
        message = f"a query may give {MAX_ROWS} rows at most"
        raise ValueError(message)
    header = tuple(_show(column[0]) for column in cursor.description)
    return Table(header, tuple(tuple(map(_show, row)) for row in rows))


def _show(value: object) -> str:
    """A cell on one line; no value, the text NULL and an empty text all differ."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    text = str(value)
    if text in {"", "NULL"}:
        return f"'{text}'"
    return text.translate(_ESCAPES).strip()


def run_tests(arguments: Sequence[str]) -> int:
    """`sql-test [--report=FILE] [PLACE…]`: every `*.sql` there, on its own database."""
    return run_all(arguments, ".sql", run_test)


def run_test(script: Path) -> list[Case]:
    """Passed when the tables of the script are those of its `.expected` file."""
    began = monotonic()

    def is_late() -> int:
        return int(monotonic() - began > SECONDS_PER_TEST)

    try:
        expected = read_expected(_read_script(str(script.with_suffix(".expected"))))
        found = list(_run([str(script)], is_late))
    except ScriptError as error:
        late = f"stopped after {SECONDS_PER_TEST:.0f} s\n" if is_late() else ""
        message = f"{late}{error}"
        return [Case(str(script), "", "error", monotonic() - began, message)]
    seconds = monotonic() - began
    if len(found) == len(expected) and all(map(_is_same, found, expected)):
        return [Case(str(script), "", "passed", seconds)]
    tables = "\n\n".join(table.text() for table in found) or "(nothing)"
    wanted = "\n\n".join(_show_expected(table) for table in expected)
    message = f"found:\n{tables}\n\nexpected:\n{wanted}"
    return [Case(str(script), "", "failed", seconds, message)]


def read_expected(text: str) -> list[Table]:
    """Tables with an empty line between them; above a rule stand the columns' names.

    An empty file is one table without rows. Blanks around cells do not count.
    """
    blocks = re.split(r"\n[ \t]*\n", text.strip())
    return [_read_table(block.strip().splitlines()) for block in blocks]


def _read_table(lines: Sequence[str]) -> Table:
    rows = [_read_cells(line) for line in lines]
    if len(lines) > 1 and _RULE.fullmatch(lines[1].strip()):
        return Table(rows[0], tuple(rows[2:]))
    return Table(None, tuple(rows))


def _read_cells(line: str) -> tuple[str, ...]:
    found = _CELLS.findall(line)
    # The end of the line matches once more, unless the line ended a cell there.
    cells = found if line.endswith("|") and not line.endswith("\\|") else found[:-1]
    return tuple(cell.strip() for cell in cells)


def _is_same(found: Table, expected: Table) -> bool:
    is_named = expected.header is None or expected.header == found.header
    return is_named and expected.rows == found.rows


def _show_expected(table: Table) -> str:
    if table.header is not None:
        return "\n".join(" | ".join(row) for row in (table.header, *table.rows))
    return "\n".join(" | ".join(row) for row in table.rows) or "(no rows)"


LANGUAGES = (
    Language(
        name="sql",
        label="SQL (SQLite)",
        programs={".sql": "sql"},
        version=("sql", "--version"),
        needs="python3 3.11 or newer under /usr, with its sqlite3 module",
        test_runners=(TestRunner("sql-test", "sql-test", "sql-test tests"),),
        helpers={"sql": run_files, "sql-test": run_tests},
    ),
)
