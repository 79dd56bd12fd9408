"""What is planned for one path, given the base, the disk and the database."""

from collections.abc import Callable

import pytest

from interviews.workspace.mirror import (
    ERASED,
    KeptFile,
    Plan,
    Rules,
    Stored,
    plan_sync,
)
from runner.protocol import EntryKind, WorkspaceEntry

PATH = "ladder/a.py"
RULES = Rules({"ladder"}, documents=500)


def on_disk(
    found: str, base: str = "", kind: EntryKind = "text", path: str = PATH
) -> WorkspaceEntry:
    return WorkspaceEntry(path, kind, 5, found, base)


def gone(base: str, path: str = PATH) -> WorkspaceEntry:
    return WorkspaceEntry(path, "gone", 0, "", base)


def odd(kind: EntryKind, base: str = "") -> WorkspaceEntry:
    return WorkspaceEntry(PATH, kind, 5, "", base)


def plan(
    document: str | None,
    entry: WorkspaceEntry | None,
    *,
    kept: KeptFile | None = None,
    taken: tuple[str, str] | None = None,
    alike: dict[str, str] | None = None,
    is_whole: bool = True,
) -> Plan:
    stored = Stored(
        documents={} if document is None else {PATH: document},
        files={} if kept is None else {PATH: kept},
        taken={} if taken is None else {PATH: taken},
        alike=alike or {},
    )
    entries = [] if entry is None else [entry]
    return plan_sync(stored, entries, RULES, is_whole=is_whole)


def words(made: Plan) -> list[str]:
    """The plan in words, so that nothing unexpected in it goes unseen."""
    return [
        *(f"write over {was or 'nothing'}" for was in made.writes.values()),
        *(f"erase {was}" for was in made.erasures.values()),
        *(f"agree on {content or 'nothing'}" for content in made.agrees.values()),
        *(
            f"take as {take.into} since {take.base or 'ever'}"
            for take in made.takes.values()
        ),
        *("remove" for _path in made.removed),
        *("drop" for _path in made.dropped),
        *(f"note {entry.kind}" for entry in made.noted),
        *("clash" for _path in made.clashes),
        *("blocked" for _path in made.blocked),
        *("refused" for _path in made.refused),
    ]


@pytest.mark.parametrize(
    ("document", "entry", "expected"),
    [
        pytest.param("v1", None, ["write over nothing"], id="new-document"),
        pytest.param("v1", on_disk("v1", "v1"), [], id="in-step"),
        pytest.param("v1", on_disk("v1"), ["agree on v1"], id="same-by-chance"),
        pytest.param("v2", on_disk("v1", "v1"), ["write over v1"], id="edited"),
        pytest.param(
            "v1", on_disk("v2", "v1"), ["take as document since v1"], id="by-command"
        ),
        pytest.param(
            "v2", on_disk("v3", "v1"), ["take as document since v1"], id="by-both"
        ),
        pytest.param("v2", on_disk("v2", "v1"), ["agree on v2"], id="both-the-same"),
        pytest.param(
            "v1", on_disk("v2"), ["take as document since ever"], id="made-by-both"
        ),
        pytest.param(
            "v1", gone("v1"), ["agree on nothing", "remove"], id="deleted-by-command"
        ),
        pytest.param(
            "v2", gone("v1"), ["write over nothing"], id="edit-beats-deletion"
        ),
        pytest.param(
            "v1",
            on_disk("b2", "v1", "binary"),
            ["take as file since v1", "remove"],
            id="became-binary",
        ),
        pytest.param(
            "v2",
            on_disk("b2", "v1", "binary"),
            ["write over b2"],
            id="edit-beats-binary",
        ),
        pytest.param(
            "v1",
            odd("link", "v1"),
            ["agree on nothing", "remove", "note link"],
            id="became-a-link",
        ),
        pytest.param("v2", odd("link", "v1"), ["blocked"], id="edited-behind-a-link"),
        pytest.param("v1", odd("special"), ["blocked"], id="created-behind-a-pipe"),
        pytest.param(
            None, on_disk("v1"), ["take as document since ever"], id="new-text"
        ),
        pytest.param(
            None,
            on_disk("b1", kind="binary"),
            ["take as file since ever"],
            id="new-binary",
        ),
        pytest.param(None, odd("large"), ["note large"], id="new-large"),
        pytest.param(
            None, on_disk("v1", "v1"), ["erase v1"], id="deleted-in-the-editor"
        ),
        pytest.param(
            None,
            on_disk("v2", "v1"),
            ["take as document since ever"],
            id="command-beats-deletion",
        ),
        pytest.param(None, gone("v1"), ["agree on nothing"], id="deleted-by-both"),
    ],
)
def test_document_and_disk_meet(
    document: str | None, entry: WorkspaceEntry | None, expected: list[str]
) -> None:
    assert words(plan(document, entry)) == expected


BINARY = KeptFile("binary", 5, "b1")


@pytest.mark.parametrize(
    ("kept", "entry", "expected"),
    [
        pytest.param(BINARY, None, ["write over nothing"], id="uploaded"),
        pytest.param(BINARY, on_disk("b1", "b1", "binary"), [], id="in-step"),
        pytest.param(
            BINARY, on_disk("b1", "", "binary"), ["agree on b1"], id="same-by-chance"
        ),
        pytest.param(
            BINARY,
            on_disk("b2", "b1", "binary"),
            ["take as file since b1"],
            id="by-command",
        ),
        pytest.param(
            BINARY, on_disk("b0", "b0", "binary"), ["write over b0"], id="replaced"
        ),
        pytest.param(
            BINARY,
            on_disk("b2", "b0", "binary"),
            ["write over b2"],
            id="upload-beats-command",
        ),
        pytest.param(
            BINARY, gone("b1"), ["agree on nothing", "drop"], id="deleted-by-command"
        ),
        pytest.param(
            BINARY, gone("b0"), ["write over nothing"], id="upload-beats-deletion"
        ),
        pytest.param(
            BINARY,
            on_disk("v1", "b1"),
            ["take as document since b1"],
            id="became-text",
        ),
        pytest.param(
            BINARY,
            odd("large", "b1"),
            ["agree on nothing", "note large"],
            id="became-large",
        ),
        pytest.param(BINARY, odd("link", "b0"), ["blocked"], id="uploaded-on-a-link"),
        pytest.param(KeptFile("large", 5, ""), odd("large"), [], id="large-stays"),
        pytest.param(KeptFile("large", 4, ""), odd("large"), ["note large"], id="grew"),
        pytest.param(KeptFile("large", 5, ""), None, ["drop"], id="large-went"),
        pytest.param(
            KeptFile("large", 5, ""),
            on_disk("v1"),
            ["take as document since ever"],
            id="shrank-to-text",
        ),
        pytest.param(
            KeptFile("untracked", 5, "v1"),
            on_disk("v1", "v1"),
            ["take as document since v1"],
            id="place-for-it-now",
        ),
    ],
)
def test_other_file_and_disk_meet(
    kept: KeptFile, entry: WorkspaceEntry | None, expected: list[str]
) -> None:
    assert words(plan(None, entry, kept=kept)) == expected


def test_what_a_cut_short_scan_does_not_list_is_not_gone() -> None:
    kept = KeptFile("large", 5, "")
    assert words(plan(None, None, kept=kept, is_whole=False)) == []


@pytest.mark.parametrize(
    ("document", "entry", "taken", "expected"),
    [
        pytest.param(
            "merged",
            on_disk("v2", "v1"),
            ("v1", "v2"),
            ["write over v2"],
            id="taken-not-told",
        ),
        pytest.param(
            "merged",
            on_disk("v3", "v1"),
            ("v1", "v2"),
            ["take as document since v2"],
            id="changed-again",
        ),
        pytest.param(
            "v2",
            on_disk("v2", "v1"),
            ("v1", "v2"),
            ["agree on v2"],
            id="as-on-the-disk",
        ),
        pytest.param(
            "v2",
            on_disk("v2", "merged"),
            ("v1", "v2"),
            ["agree on v2"],
            id="runner-knows-more",
        ),
        pytest.param(
            None, gone("v1"), ("v1", ""), ["agree on nothing"], id="deletion-not-told"
        ),
        pytest.param(
            "v1", gone("v1"), ("v1", ""), ["write over nothing"], id="made-anew"
        ),
    ],
)
def test_change_that_was_taken_is_not_taken_again(
    document: str | None,
    entry: WorkspaceEntry,
    taken: tuple[str, str],
    expected: list[str],
) -> None:
    assert words(plan(document, entry, taken=taken)) == expected


@pytest.mark.parametrize(
    ("document", "entry", "expected"),
    [
        pytest.param("lf1", on_disk("crlf1", "crlf1"), [], id="in-step"),
        pytest.param("lf1", on_disk("crlf1"), ["agree on crlf1"], id="found"),
        pytest.param(
            "lf2", on_disk("crlf1", "crlf1"), ["write over crlf1"], id="edited"
        ),
        pytest.param(
            "lf1",
            on_disk("crlf2", "crlf1"),
            ["take as document since crlf1"],
            id="by-command",
        ),
        pytest.param(
            "lf1", gone("crlf1"), ["agree on nothing", "remove"], id="deleted"
        ),
    ],
)
def test_other_line_ends_are_no_change(
    document: str, entry: WorkspaceEntry, expected: list[str]
) -> None:
    alike = {"crlf1": "lf1", "crlf2": "lf2"}
    assert words(plan(document, entry, alike=alike)) == expected


@pytest.mark.parametrize(
    "path",
    [
        "elsewhere/a.py",
        "ladder/\u202egnp.py",
        "ladder/ a",
        "ladder/e\u0301.py",
        f"ladder/{'x' * 240}",
    ],
    ids=["no-section", "bidi", "space", "decomposed", "long"],
)
def test_name_that_no_document_may_have_is_refused(path: str) -> None:
    made = plan_sync(Stored({}), [on_disk("v1", path=path)], RULES)
    assert (made.refused, words(made)) == ([path], ["refused"])


def test_names_that_differ_in_case_only_clash() -> None:
    entries = [on_disk("v1", path=f"ladder/{name}") for name in ("A.py", "a.py", "b")]
    stored = Stored({"ladder/B": "v1"})

    made = plan_sync(stored, [*entries, on_disk("v1", "v1", path="ladder/B")], RULES)

    assert made.clashes == ["ladder/a.py", "ladder/b"]
    assert {path: take.into for path, take in made.takes.items()} == {
        "ladder/A.py": "document",
        "ladder/a.py": "file",
        "ladder/b": "file",
    }


def test_clash_that_is_listed_already_is_no_news() -> None:
    stored = Stored({"ladder/A": "v1"}, {"ladder/a": KeptFile("untracked", 5, "v1")})
    entries = [on_disk("v1", "v1", path=f"ladder/{name}") for name in "Aa"]

    assert plan_sync(stored, entries, RULES).is_empty


def test_only_so_many_files_become_documents() -> None:
    stored = Stored({f"ladder/{number}": "v1" for number in range(498)})
    entries = [on_disk("v1", "v1", path=path) for path in stored.documents]
    entries += [on_disk("v1", path=f"ladder/new{number}") for number in range(4)]

    made = plan_sync(stored, entries, RULES)

    assert [take.into for take in made.takes.values()] == [
        "document",
        "document",
        "file",
        "file",
    ]


Edit = Callable[[dict[str, str]], None]


def test_moved_document_leaves_its_old_place() -> None:
    stored = Stored({"ladder/b.py": "v1"})
    entries = [on_disk("v1", "v1", path="ladder/a.py")]

    made = plan_sync(stored, entries, RULES)

    assert made.writes == {"ladder/b.py": ""}
    assert made.erasures == {"ladder/a.py": "v1"}


@pytest.mark.parametrize("kind", ["large", "link", "special"])
@pytest.mark.parametrize(
    ("document", "kept"),
    [
        pytest.param(None, None, id="nothing-instead"),
        pytest.param("v1", None, id="a-document-instead"),
        pytest.param(None, KeptFile("binary", 3, "b1"), id="an-upload-instead"),
    ],
)
def test_what_has_no_content_is_erased_before_anything_takes_its_place(
    kind: EntryKind, document: str | None, kept: KeptFile | None
) -> None:
    made = plan(document, odd(kind), kept=kept, taken=("", ERASED))

    assert words(made) == ["erase "]


def test_what_a_command_made_in_the_place_of_what_was_deleted_stays() -> None:
    made = plan(None, on_disk("v1"), taken=("", ERASED))

    assert words(made) == ["take as document since ever"]
