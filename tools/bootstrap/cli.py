"""What each make target needs before it can start."""

import errno
import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from tools.bootstrap import browser, frontend, product, python_env, system
from tools.bootstrap.console import SetupError, refuse
from tools.bootstrap.paths import ROOT
from tools.bootstrap.ports import parse_port, require_free


def _product_parts() -> None:
    frontend.make_frontend()
    product.make_toolchain()
    browser.make_browser_tests()
    product.make_static()


def _demo() -> None:
    require_free(parse_port(os.environ.get("PORT") or "8000"))
    python_env.make_python("base")
    system.ensure(system.FOR_DEMO)
    _product_parts()


def _test() -> None:
    python_env.make_python("dev")
    system.ensure(system.FOR_TESTS)
    _product_parts()


def _check() -> None:
    python_env.make_python("dev")
    frontend.make_frontend()


def _toolchain() -> None:
    python_env.make_python("base")
    product.make_toolchain()


def _image() -> None:
    python_env.make_python("base")
    _product_parts()


TARGETS: Mapping[str, Callable[[], None]] = MappingProxyType(
    {
        "demo": _demo,
        "test": _test,
        "check": _check,
        "toolchain": _toolchain,
        "image": _image,
    }
)


def main(arguments: list[str]) -> int:
    """Set up for one target; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        sys.stderr.write(f"usage: python3 -m tools.setup {'|'.join(TARGETS)}\n")
        return 2
    try:
        TARGETS[arguments[0]]()
    except SetupError as error:
        refuse(error)
    except OSError as error:
        refuse(_in_words(error))
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    return 1


def _in_words(error: OSError) -> SetupError:
    if error.errno == errno.ENOSPC:
        return SetupError("The disk is full.", "Make room, then run it again.")
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return SetupError(
            f"{error.filename or ROOT} cannot be written to.",
            "Make it yours, or copy the project to a folder that is.",
        )
    return SetupError(f"Set-up stopped: {error}.", "Run the same command again.")
