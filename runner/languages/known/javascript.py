"""JavaScript and TypeScript, with Node's own test runner."""

from collections.abc import Iterator, Sequence

from runner.languages.base import Language, TestRunner
from runner.languages.linting import (
    Finding,
    Linter,
    Severity,
    get_object,
    get_objects,
    get_place,
    get_text,
    read_object,
)

_TESTS = (".test.js", ".test.mjs", ".test.cjs", ".test.ts", ".test.mts", ".test.cts")


def add_node_report(
    command: Sequence[str], *, target: str, files: Sequence[str]
) -> tuple[str, ...]:
    """Node writes JUnit XML beside its ordinary output.

    A folder in the command becomes the test files in it: newer versions take none.
    """
    flags = (
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=junit",
        f"--test-reporter-destination={target}",
    )
    words = [word for part in command for word in _expand(part, files)]
    position = words.index("--test") + 1 if "--test" in words else 1
    return (*words[:position], *flags, *words[position:])


def _expand(word: str, files: Sequence[str]) -> list[str]:
    folder = f"{word.rstrip('/')}/"
    if word.startswith("-"):
        return [word]
    found = sorted(
        path for path in files if path.startswith(folder) and path.endswith(_TESTS)
    )
    return found or [word]


_SEVERITIES: dict[str, Severity] = {
    "fatal": "error",
    "error": "error",
    "warning": "warning",
}


def read_biome(output: bytes) -> Iterator[Finding]:
    """One JSON object with a bounded list."""
    for item in get_objects(read_object(output), "diagnostics"):
        place = get_object(item, "location")
        yield Finding(
            start=get_place(get_object(place, "start"), "line", "column"),
            end=get_place(get_object(place, "end"), "line", "column"),
            severity=_SEVERITIES.get(get_text(item, "severity"), "info"),
            message=get_text(item, "message"),
            code=get_text(item, "category").rpartition("/")[2],
        )


_BIOME = Linter(
    name="biome",
    suffixes=(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"),
    command=("biome", "lint", "--reporter=json", "--max-diagnostics=100", "--"),
    version=("biome", "--version"),
    read=read_biome,
)
_NODE_TESTS = TestRunner("node", "node --test", "node --test tests", add_node_report)
_TSX_VERSION = "require('/opt/toolchain/node_modules/tsx/package.json').version"

LANGUAGES = (
    Language(
        name="javascript",
        label="JavaScript",
        programs={".js": "node", ".mjs": "node", ".cjs": "node"},
        version=("node", "--version"),
        needs="Node under /usr, or the toolchain built (docs/sandbox.md)",
        test_runners=(_NODE_TESTS,),
        call_driver=("node", "driver.mjs"),
        linter=_BIOME,
    ),
    Language(
        name="typescript",
        label="TypeScript",
        programs={".ts": "tsx", ".mts": "tsx"},
        version=("tsx", "-p", f"`tsx ${{{_TSX_VERSION}}}`"),
        needs="Node, and the toolchain built (docs/sandbox.md)",
        test_runners=(_NODE_TESTS,),
        call_driver=("tsx", "driver.mjs"),
        linter=_BIOME,
    ),
)
