"""What finds mistakes for the editor: in the real sandbox, and its output read warily."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runner.doctor.languages import probe_languages
from runner.languages.linting import Finding
from runner.languages.registry import find_linter, list_languages
from runner.limits import MIB, Limits
from runner.protocol import InputFile
from runner.sandbox import Job
from tests.runner.conftest import Bench, Result, open_bench


@pytest.fixture
async def tools(
    sandbox_available: None, tmp_path: Path, toolchain: Path
) -> AsyncIterator[Bench]:
    """A sandbox with the toolchain."""
    async with open_bench(tmp_path / "runs", toolchain=toolchain) as each:
        yield each


async def look(bench: Bench, suffix: str, text: str) -> tuple[list[Finding], Result]:
    linter = find_linter(suffix)
    assert linter is not None
    name = f"file{suffix}"
    limits = Limits(wall_seconds=5, memory_bytes=256 * MIB, processes=32)
    job = Job(
        argv=(*linter.command, name),
        files=(InputFile(name, text.encode()),),
        limits=limits,
    )
    result = await bench.run(job)
    return list(linter.read(result.stdout.encode())), result


async def test_python_mistakes_are_found_at_their_place(tools: Bench) -> None:
    found, result = await look(
        tools, ".py", "import os\nx = '😀😀' + unknown\ndef f(a=[]):\n    return a\n"
    )

    assert result.outcome.exit_code == 1
    assert [(each.code, each.severity, each.start, each.end) for each in found] == [
        ("F401", "warning", (1, 8), (1, 10)),
        ("F821", "error", (2, 12), (2, 19)),
        ("B006", "warning", (3, 9), (3, 11)),
    ]
    assert found[1].message == "Undefined name `unknown`"


async def test_python_style_is_nobodys_business(tools: Bench) -> None:
    found, result = await look(tools, ".py", "x=1;y = 'a'\nif x : print( y )\n")

    assert (found, result.outcome.exit_code) == ([], 0)


async def test_python_syntax_is_that_of_the_sandboxs_own_python(tools: Bench) -> None:
    version = await tools.shell("python3 -c 'import sys; print(sys.version_info[1])'")
    is_new = int(version.stdout) >= 12

    found, _ = await look(tools, ".py", "type Number = int\n")

    assert [each.code for each in found] == ([] if is_new else ["invalid-syntax"])


@pytest.mark.parametrize("suffix", [".js", ".mjs", ".ts", ".tsx"])
async def test_javascript_mistakes_are_found_at_their_place(
    tools: Bench, suffix: str
) -> None:
    found, _ = await look(tools, suffix, "export const a = '😀';\tdebugger;\n")

    assert [(each.code, each.severity, each.start, each.end) for each in found] == [
        ("noDebugger", "error", (1, 23), (1, 32))
    ]


async def test_type_annotations_are_a_mistake_in_javascript_only(tools: Bench) -> None:
    code = "export const a: number = 1;\n"

    assert (await look(tools, ".ts", code))[0] == []
    found, _ = await look(tools, ".js", code)
    assert [each.severity for each in found] == ["error"]


async def test_flood_of_mistakes_gives_the_first_ones(tools: Bench) -> None:
    text = "".join(f"print(unknown{number})\n" for number in range(10_000))

    found, result = await look(tools, ".py", text)

    assert result.outcome.reason == "output"
    assert len(found) > 100
    assert found[0].start == (1, 7)


async def test_file_is_looked_at_without_being_run(tools: Bench) -> None:
    for suffix, text in {
        ".py": "open('/tmp/ran', 'w')\nprint('ran')\n",
        ".js": "console.log('ran');\n",
    }.items():
        found, result = await look(tools, suffix, text)
        assert (found, "ran\n" in result.stdout) == ([], False)


async def test_doctor_lists_the_linters_of_this_machine(tools: Bench) -> None:
    found = {each.name: each.linter for each in await probe_languages(tools.sandbox)}

    assert found["python"].startswith("ruff 0.")
    assert found["javascript"].startswith("biome 2.")
    assert found["javascript"] == found["typescript"]
    assert found["sql"] == found["bash"] == ""


async def test_doctor_lists_no_linter_that_is_missing(bench: Bench) -> None:
    found = {each.name: each for each in await probe_languages(bench.sandbox)}

    assert found["python"].linter == ""
    assert found["python"].version


def test_no_two_linters_share_a_suffix() -> None:
    linters = {
        each.linter.name: each.linter for each in list_languages() if each.linter
    }
    suffixes = [suffix for each in linters.values() for suffix in each.suffixes]

    assert len(suffixes) == len(set(suffixes))


HOSTILE = {
    "nothing": b"",
    "not text": b"\xff\xfe\x00",
    "not JSON": b"{]",
    "deep": b"[" * 100_000,
    "deep objects": b'{"diagnostics":' * 50_000,
    "other types": b'{"location": 3, "code": ["x"], "message": {}, "diagnostics": 1}',
    "a list of other types": b'{"diagnostics": [1, "x", null, [], {"location": []}]}',
    "a huge number": b'{"location": {"row": ' + b"9" * 5_000 + b', "column": 1}}',
    "no number": b'{"location": {"row": NaN, "column": Infinity}}',
    "cut off": b'{"code": "F401", "location": {"row": 1, "col',
}


@pytest.mark.parametrize("output", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("suffix", [".py", ".js"])
def test_output_that_makes_no_sense_gives_no_place(suffix: str, output: bytes) -> None:
    linter = find_linter(suffix)
    assert linter is not None

    found = list(linter.read(output))

    assert all(each.start == each.end == (0, 0) for each in found)
    assert all(isinstance(each.message + each.code, str) for each in found)
