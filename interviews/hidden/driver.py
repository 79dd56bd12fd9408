"""Calls one function of a candidate's Python module; runs alone inside the sandbox.

Reads {"module", "function", "args", "kwargs", "result_path"} from standard input
and writes {"ok": true, "value": ...} or {"ok": false, "error": "..."} to
result_path. It knows no expectation: what it writes is only ever compared outside.
Start it from a folder of its own, so that a candidate's json.py shadows nothing here.
"""

import asyncio
import contextlib
import importlib.util
import inspect
import json
import os
import sys
import traceback
from collections.abc import Awaitable
from pathlib import Path
from types import ModuleType
from typing import Any

MAX_RESULT_BYTES = 256 * 1024
MAX_ERROR_CHARACTERS = 500


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    # Made absolute first: the candidate's code may change the folder.
    result_path = Path(request.get("result_path") or ".result.json").absolute()
    try:
        value = call(request)
        result = encode(value)
    # The edge of the process: whatever the candidate raises, SystemExit and
    # KeyboardInterrupt included, is an answer to this case.
    except BaseException as error:
        result = failure(error)
        with contextlib.suppress(Exception):
            traceback.print_exc()
    write(result_path, result)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    # Threads and exit handlers of the candidate must not delay the end.
    os._exit(0)


def call(request: dict[str, Any]) -> object:
    """Import the module, call the function, await what has to be awaited."""
    module = load(Path(request["module"]).absolute())
    function = getattr(module, request["function"], None)
    if not callable(function):
        message = f"{request['module']} has no function {request['function']}"
        raise AttributeError(message)
    value = function(*request.get("args", []), **request.get("kwargs", {}))
    return asyncio.run(wait_for(value)) if inspect.isawaitable(value) else value


def load(path: Path) -> ModuleType:
    """Import a file under its own name, with its folder first on the path."""
    if not path.is_file():
        message = f"{path.name} does not exist"
        raise FileNotFoundError(message)
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        message = f"{path.name} is not a Python module"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


async def wait_for(value: Awaitable[object]) -> object:
    return await value


def encode(value: object) -> bytes:
    """Return the result as JSON; raises for what JSON cannot say or is too large."""
    result = json.dumps({"ok": True, "value": value}, allow_nan=False).encode()
    if len(result) > MAX_RESULT_BYTES:
        message = f"the result is larger than {MAX_RESULT_BYTES // 1024} KB"
        raise ValueError(message)
    return result


def failure(error: BaseException) -> bytes:
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        # An exception whose own text fails still has a name.
        text = type(error).__name__
    return json.dumps({"ok": False, "error": text[:MAX_ERROR_CHARACTERS]}).encode()


def write(path: Path, result: bytes) -> None:
    """Put the result in place whole, over whatever lies there."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_bytes(result)
    draft.replace(path)


if __name__ == "__main__":
    main()
