"""JavaScript and TypeScript, with Node's own test runner."""

from collections.abc import Sequence

from runner.languages.base import Language, TestRunner

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
    ),
    Language(
        name="typescript",
        label="TypeScript",
        programs={".ts": "tsx", ".mts": "tsx"},
        version=("tsx", "-p", f"`tsx ${{{_TSX_VERSION}}}`"),
        needs="Node, and the toolchain built (docs/sandbox.md)",
        test_runners=(_NODE_TESTS,),
        call_driver=("tsx", "driver.mjs"),
    ),
)
