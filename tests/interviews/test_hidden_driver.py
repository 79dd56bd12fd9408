"""The drivers of hidden cases against modules that behave badly."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import interviews.hidden

DRIVERS = Path(interviews.hidden.__file__).parent
PYTHON = """
import asyncio, os, sys, threading, time
print("loaded")
def add(a, b=1): return a + b
async def later(): await asyncio.sleep(0); return {"late": True}
def leave(): sys.exit(3)
def nan(): return [float("nan")]
def unlike(): return {1, 2}
def huge(): return "x" * 300_000
def boom(): raise ValueError("too hot" * 500)
def nested():
    value = []
    for _ in range(100_000): value = [value]
    return value
def moved(): os.chdir("/"); return "moved"
def lingering(): threading.Thread(target=time.sleep, args=(60,)).start(); return 1
class Mute(Exception):
    def __str__(self): raise RuntimeError
def mute(): raise Mute
number = 4
"""
JAVASCRIPT = """
console.log("loaded");
export const add = (a, options = { b: 1 }) => a + options.b;
export const later = async () => ({ late: true });
export const leave = () => process.exit(3);
export const nan = () => [NaN];
export const unlike = () => new Set([1, 2]);
export const huge = () => "x".repeat(300_000);
export const boom = () => { throw new RangeError("too hot".repeat(500)); };
export const moved = () => { process.chdir("/"); return "moved"; };
export const lingering = () => { setInterval(() => {}, 1000); return 1; };
export const mute = () => { throw { toString() { throw 1; } }; };
export const nothing = () => {};
export const never = () => new Promise(() => {});
export const stray = () => new Promise(() => setTimeout(() => { throw new Error("stray"); }, 1));
export const number = 4;
"""


@pytest.fixture
def section(tmp_path: Path) -> Path:
    (tmp_path / "solution.py").write_text(PYTHON)
    (tmp_path / "solution.mjs").write_text(JAVASCRIPT)
    return tmp_path


def drive(section: Path, module: str, function: str, **request: Any) -> Any:
    """Run the driver as the sandbox does and return what it wrote."""
    is_python = module.endswith(".py")
    program = sys.executable if is_python else shutil.which("node")
    assert program
    driver = DRIVERS / ("driver.py" if is_python else "driver.mjs")
    subprocess.run(
        [program, str(driver)],
        input=json.dumps({"module": module, "function": function, **request}),
        cwd=section,
        text=True,
        timeout=20,
        check=True,
        capture_output=True,
    )
    result = section / request.get("result_path", ".result.json")
    assert not list(section.glob("*.json.*"))
    return json.loads(result.read_text())


BOTH = pytest.mark.parametrize("module", ["solution.py", "solution.mjs"])


@BOTH
def test_driver_writes_the_value(section: Path, module: str) -> None:
    written = drive(section, module, "add", args=[2], result_path="out.json")

    assert written == {"ok": True, "value": 3}


@BOTH
def test_driver_passes_keyword_arguments(section: Path, module: str) -> None:
    written = drive(section, module, "add", args=[2], kwargs={"b": 40})

    assert written == {"ok": True, "value": 42}


@BOTH
def test_driver_awaits_async_functions(section: Path, module: str) -> None:
    assert drive(section, module, "later") == {"ok": True, "value": {"late": True}}


@BOTH
def test_driver_finds_the_result_path_after_chdir(section: Path, module: str) -> None:
    assert drive(section, module, "moved") == {"ok": True, "value": "moved"}


@BOTH
def test_driver_does_not_wait_for_what_lingers(section: Path, module: str) -> None:
    assert drive(section, module, "lingering") == {"ok": True, "value": 1}


@pytest.mark.parametrize(
    ("module", "function", "error"),
    [
        ("solution.py", "leave", "SystemExit: 3"),
        ("solution.py", "nan", "ValueError: Out of range"),
        ("solution.py", "unlike", "TypeError: Object of type set"),
        ("solution.py", "huge", "ValueError: the result is larger than 256 KB"),
        ("solution.py", "boom", "ValueError: too hot"),
        ("solution.py", "nested", "RecursionError: "),
        ("solution.py", "mute", "Mute"),
        ("solution.py", "number", "AttributeError: solution.py has no function"),
        ("solution.py", "missing", "AttributeError: solution.py has no function"),
        ("absent.py", "add", "FileNotFoundError: absent.py does not exist"),
        ("solution.mjs", "leave", "Error: the program ended before"),
        ("solution.mjs", "nan", "TypeError: NaN cannot be written as JSON"),
        ("solution.mjs", "unlike", "TypeError: Set cannot be written as JSON"),
        ("solution.mjs", "huge", "RangeError: the result is larger than 256 KB"),
        ("solution.mjs", "boom", "RangeError: too hot"),
        ("solution.mjs", "mute", "Error"),
        ("solution.mjs", "nothing", "TypeError: the function returned undefined"),
        ("solution.mjs", "never", "Error: the program ended before"),
        ("solution.mjs", "stray", "Error: stray"),
        ("solution.mjs", "number", "TypeError: solution.mjs exports no function"),
        ("absent.mjs", "add", "Error: Cannot find module"),
    ],
)
def test_driver_reports_what_went_wrong(
    section: Path, module: str, function: str, error: str
) -> None:
    written = drive(section, module, function)

    assert written["ok"] is False
    assert written["error"].startswith(error)
    assert len(written["error"]) <= 500


def test_driver_is_not_shadowed_by_the_candidates_files(section: Path) -> None:
    (section / "json.py").write_text("raise SystemExit('shadowed')")

    assert drive(section, "solution.py", "add", args=[1]) == {"ok": True, "value": 2}


def test_driver_refuses_a_syntax_error(section: Path) -> None:
    (section / "solution.py").write_text("def add(:\n")

    assert drive(section, "solution.py", "add")["error"].startswith("SyntaxError: ")


def test_driver_imports_neighbours_of_the_module(section: Path) -> None:
    (section / "lib").mkdir()
    (section / "lib" / "near.py").write_text("VALUE = 7")
    (section / "lib" / "main.py").write_text(
        "from near import VALUE\ndef f(): return VALUE"
    )

    assert drive(section, "lib/main.py", "f") == {"ok": True, "value": 7}


def test_driver_replaces_a_result_that_lies_there(section: Path) -> None:
    victim = section / "victim"
    victim.write_text("kept")
    (section / ".result.json").symlink_to(victim)

    assert drive(section, "solution.py", "add", args=[1])["value"] == 2
    assert victim.read_text() == "kept"
